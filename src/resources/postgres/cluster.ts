import { randomBytes } from 'node:crypto';
import { chmod, chown, mkdir, mkdtemp, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Context, Exec } from '../../context.ts';
import { QbtcError } from '../../errors.ts';
import type { Endpoint } from '../../model/resource.ts';
import { baseEnvironment } from '../../runtimes/processes/environment.ts';
import { type Account, removeTree } from '../account.ts';
import { clusterKey, dropReady, keepReady, readyClusters, takeReady } from './ready-clusters.ts';
import { scramVerifier } from './roles.ts';

/** Where the cluster and the programs stand, and whose they are. */
export interface Placement {
  programs: string;
  /** The major version of the programs. */
  version: string;
  data: string;
  account: Account | undefined;
}

/**
 * Makes the database cluster at `data` where there is none. It is made beside its place and renamed when it is whole:
 * initdb writes `PG_VERSION` first, so that a folder which was filled in place could not be told from a torn one.
 * Throws `CLUSTER_VERSION` for the data of another major version, `CLUSTER_FAILED` when initdb fails.
 */
export async function prepareCluster(
  context: Pick<Context, 'exec' | 'env' | 'interrupted'>,
  placement: Placement,
  endpoint: Pick<Endpoint, 'user' | 'password'>,
): Promise<void> {
  await removeUnfinished(placement.data);
  const existing = await clusterVersion(placement.data);
  if (existing === undefined) await createCluster(context, placement, endpoint);
  else checkVersion(placement, existing);
}

/** Begins the name of a folder in which a cluster is made; names of resources hold no dot. */
const unfinished = (data: string) => `${basename(data)}.new-`;

/** What killed runs left: the password file too. An initdb that outlived its qbtc ends when its folder is gone. */
async function removeUnfinished(data: string): Promise<void> {
  const parent = dirname(data);
  for (const name of await readdir(parent).catch(() => []))
    if (name.startsWith(unfinished(data))) await removeTree(join(parent, name));
}

/** The major version that wrote the cluster; `undefined` where there is none. */
async function clusterVersion(data: string): Promise<string | undefined> {
  try {
    return (await readFile(join(data, 'PG_VERSION'), 'utf8')).trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function checkVersion({ version: ours, data }: Placement, existing: string): void {
  if (ours === existing) return;
  throw new QbtcError(
    'CLUSTER_VERSION',
    `the data in ${data} is of PostgreSQL ${existing}, this is ${ours}`,
    {
      hint: 'dump it with the version that wrote it. To begin empty: qbtc down --volumes, which deletes it and all other data of the stack',
    },
  );
}

async function createCluster(
  context: Pick<Context, 'exec' | 'env' | 'interrupted'>,
  placement: Placement,
  endpoint: Pick<Endpoint, 'user' | 'password'>,
): Promise<void> {
  const { data, account } = placement;
  const parent = dirname(data);
  await mkdir(parent, { recursive: true, mode: 0o700 });
  const folder = await mkdtemp(join(parent, unfinished(data)));
  const made = join(folder, 'data');
  try {
    // It stays ours: the account goes through it, and cannot say what the names in it lead to.
    if (account !== undefined) await chmod(folder, 0o711);
    await makeCluster(context, placement, { made, endpoint });
    await rename(made, data).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
      throw new QbtcError(
        'CLUSTER_UNREADABLE',
        `${data} holds files, but no database cluster (no PG_VERSION)`,
        {
          hint: 'move them away. To begin empty: qbtc down --volumes, which deletes them and all other data of the stack',
          cause: error,
        },
      );
    });
  } finally {
    await removeTree(folder);
  }
}

type Ended = Awaited<ReturnType<Exec>>;

interface Making {
  /** Where it is made. */
  made: string;
  endpoint: Pick<Endpoint, 'user' | 'password'>;
}

/** A copy of a ready cluster, or what initdb makes, which is kept for the next one; either has its owner's name at the end. */
async function makeCluster(
  context: Pick<Context, 'exec' | 'env' | 'interrupted'>,
  placement: Placement,
  making: Making,
): Promise<void> {
  const { programs, account } = placement;
  const folder = readyClusters(context.env);
  const key = clusterKey(programs, ARGUMENTS, context.env);
  const copied = key !== undefined && takeReady(folder, key, making.made, account);
  if (copied) {
    const named = await nameOwner(context, placement, making);
    if (named.exitCode === 0) return;
    context.interrupted.throwIfAborted();
    await removeTree(making.made);
  }
  const initialised = await initialise(context, placement, making.made);
  if (initialised.exitCode !== 0) throw failed(context, 'initdb', placement, initialised);
  if (key !== undefined && !copied) keepReady(folder, key, making.made, account);
  const named = await nameOwner(context, placement, making);
  if (named.exitCode !== 0) throw failed(context, 'postgres', placement, named);
  // What goes well with a new one was the fault of the copy.
  if (key !== undefined && copied) dropReady(folder, key);
}

const ARGUMENTS = ['--auth=scram-sha-256', '--encoding=UTF8', '--locale=C', '--no-sync', '--no-instructions'];

/** Runs initdb with an owner that nobody can connect as: each copy gets another one. */
async function initialise(
  context: Pick<Context, 'exec' | 'env' | 'interrupted'>,
  placement: Placement,
  made: string,
): Promise<Ended> {
  const { account } = placement;
  const passwordFile = join(dirname(made), 'password');
  await writeFile(passwordFile, randomBytes(32).toString('hex'), { mode: 0o600, flag: 'wx' });
  // initdb takes an empty folder.
  await mkdir(made, { mode: 0o700 });
  if (account !== undefined)
    for (const path of [passwordFile, made]) await chown(path, account.uid, account.gid);
  const args = ['-D', made, '-U', 'nobody', `--pwfile=${passwordFile}`, ...ARGUMENTS];
  return run(context, placement, { program: 'initdb', args, cwd: dirname(made) });
}

/** Names the owner of a cluster that no server runs on, and gives it its password: of that, the verifier alone is said. */
async function nameOwner(
  context: Pick<Context, 'exec' | 'env' | 'interrupted'>,
  placement: Placement,
  { made, endpoint: { user = 'postgres', password = '' } }: Making,
): Promise<Ended> {
  const name = user.replaceAll("'", "''");
  const verifier = await scramVerifier(password);
  return run(context, placement, {
    program: 'postgres',
    // Nothing reaches the disk sooner than it does for initdb; what goes wrong is the end, and is told without the statement.
    args: [
      ...['--single', '-F', '-c', 'exit_on_error=on', '-c', 'log_min_error_statement=panic'],
      ...['-D', made, 'postgres'],
    ],
    cwd: dirname(made),
    input: `UPDATE pg_authid SET rolname = '${name}', rolpassword = '${verifier}' WHERE oid = ${OWNER};\n`,
  });
}

/** Runs a program of PostgreSQL as its account. */
function run(
  { exec, env, interrupted }: Pick<Context, 'exec' | 'env' | 'interrupted'>,
  { programs, account }: Placement,
  { program, args, cwd, input }: { program: string; args: string[]; cwd: string; input?: string },
): Promise<Ended> {
  return exec(join(programs, 'bin', program), args, {
    cwd,
    env: { ...baseEnvironment(env), LC_ALL: 'C' },
    timeoutMs: 120_000,
    signal: interrupted,
    ...(input === undefined ? {} : { input }),
    ...account,
  });
}

/** The role that initdb makes; all that it makes is owned by this number, not by a name. */
const OWNER = 10;

function failed(
  { interrupted }: Pick<Context, 'interrupted'>,
  program: string,
  { data }: Placement,
  { stdout, stderr }: Ended,
): QbtcError {
  interrupted.throwIfAborted();
  return new QbtcError('CLUSTER_FAILED', `${program} could not create the database cluster in ${data}`, {
    details: `${stdout}\n${stderr}`.trim().split('\n').slice(-10),
  });
}
