import { chown, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Context } from '../../context.ts';
import { QbtcError } from '../../errors.ts';
import type { Endpoint } from '../../model/resource.ts';
import { baseEnvironment } from '../../runtimes/processes/environment.ts';

/** Who runs PostgreSQL, where that is not our own account. */
export interface Account {
  uid: number;
  gid: number;
}

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
  for (const name of await readdir(parent).catch(() => [])) {
    if (!name.startsWith(unfinished(data))) continue;
    await rm(join(parent, name), { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  }
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
  { programs, data, account }: Placement,
  endpoint: Pick<Endpoint, 'user' | 'password'>,
): Promise<void> {
  const parent = dirname(data);
  await mkdir(parent, { recursive: true, mode: 0o700 });
  const folder = await mkdtemp(join(parent, unfinished(data)));
  const made = join(folder, 'data');
  const passwordFile = join(folder, 'password');
  try {
    await writeFile(passwordFile, endpoint.password ?? '', { mode: 0o600 });
    if (account !== undefined) {
      await chown(folder, account.uid, account.gid);
      await chown(passwordFile, account.uid, account.gid);
    }
    const { exitCode, stderr, stdout } = await context.exec(
      join(programs, 'bin', 'initdb'),
      [
        ...['-D', made, '-U', endpoint.user ?? 'postgres', `--pwfile=${passwordFile}`],
        ...['--auth=scram-sha-256', '--encoding=UTF8', '--locale=C', '--no-sync', '--no-instructions'],
      ],
      {
        cwd: folder,
        env: { ...baseEnvironment(context.env), LC_ALL: 'C' },
        timeoutMs: 120_000,
        signal: context.interrupted,
        ...account,
      },
    );
    if (exitCode !== 0) {
      context.interrupted.throwIfAborted();
      throw new QbtcError('CLUSTER_FAILED', `initdb could not create the database cluster in ${data}`, {
        details: `${stdout}\n${stderr}`.trim().split('\n').slice(-10),
      });
    }
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
    await rm(folder, { recursive: true, force: true });
  }
}
