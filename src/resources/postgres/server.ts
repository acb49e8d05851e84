import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Context } from '../../context.ts';
import { QbtcError } from '../../errors.ts';
import type { Resource } from '../../model/resource.ts';
import type { Stack } from '../../model/stack.ts';
import { baseEnvironment } from '../../runtimes/processes/environment.ts';
import type { ProcessSpec } from '../../runtimes/processes/protocol.ts';
import { stackFolders } from '../../state/folders.ts';
import type { Account } from '../account.ts';
import { earlierPlaces, knownPlace, placeOutside } from '../places.ts';
import { type Placement, prepareCluster } from './cluster.ts';

/** PostgreSQL refuses to run as root; this account exists everywhere and owns nothing. */
const UNPRIVILEGED_ACCOUNT = 'nobody';

/** passwd(5): name, password, uid, gid. */
const ACCOUNT_LINE = new RegExp(`^${UNPRIVILEGED_ACCOUNT}:[^:]*:(\\d+):(\\d+):`, 'm');

/** Where the data of a cluster stands, and whose it is. */
export type Home = Pick<Placement, 'data' | 'account'> & {
  /** A folder for programs that the account can read. */
  folder: string;
};

/** Chooses the place, and makes its folder: inside the stack, or for root where another account can reach it. */
export async function clusterHome(context: Context, stack: Stack, resource: Resource): Promise<Home> {
  if (process.getuid?.() !== 0) {
    const folder = stackFolders(stack.root).data;
    return { folder, data: join(folder, resource.name), account: undefined };
  }
  const account = await unprivilegedAccount(context);
  const folder = await placeOutside(stack.root, stack.name);
  for (const other of await earlierPlaces(stack.root))
    context.io.err(`${other} holds data of an earlier stack at ${stack.root}: it is left alone`);
  return { folder, data: join(folder, resource.name), account };
}

/** The major version whose data the resource has; `undefined` when it has none. Makes nothing. */
export async function dataVersion(stack: Stack, resource: Resource): Promise<string | undefined> {
  const folder =
    process.getuid?.() === 0 ? await knownPlace(stack.root, stack.name) : stackFolders(stack.root).data;
  if (folder === undefined) return undefined;
  const text = await readFile(join(folder, resource.name, 'PG_VERSION'), 'utf8').catch(() => undefined);
  return text?.trim();
}

/** The server on a cluster that is made where there is none. */
export async function postgresProcess(
  context: Context,
  stack: Stack,
  resource: Resource,
  placement: Placement,
): Promise<ProcessSpec> {
  await prepareCluster(context, placement, resource.endpoint);
  const { host, port } = resource.endpoint;
  const args = [
    ...['-D', placement.data, '-p', String(port)],
    ...['-c', `listen_addresses=${host}`],
    // Its socket file would have to stand in a folder that this account may write; TCP is all that we use.
    ...['-c', 'unix_socket_directories='],
    // As `qbtc logs` reads it: initdb would take the zone of the machine.
    ...['-c', 'log_timezone=UTC', '-c', 'lc_messages=C'],
    ...['-c', 'shared_buffers=64MB', '-c', 'max_connections=100'],
  ];
  const program = join(placement.programs, 'bin', 'postgres');
  return {
    name: resource.name,
    program,
    args,
    cwd: placement.data,
    env: { ...baseEnvironment(context.env), LC_ALL: 'C' },
    ...placement.account,
    // SIGTERM would wait for every client to leave; SIGINT is PostgreSQL's fast shutdown.
    stopSignal: 'SIGINT',
    stopsGroup: false,
    stopTimeoutMs: 30_000,
    logFile: stackFolders(stack.root).logFile(resource.name),
    dependsOn: [],
    ports: Object.values(resource.ports),
    readyCheck: { port },
    fingerprint: createHash('sha256')
      .update([program, ...args].join('\n'))
      .digest('hex'),
  };
}

async function unprivilegedAccount(context: Pick<Context, 'exec'>): Promise<Account> {
  // Quicker than asking a program; where accounts are kept elsewhere (macOS, LDAP) it is asked.
  const accounts = await readFile('/etc/passwd', 'utf8').catch(() => '');
  const [, listedUid, listedGid] = ACCOUNT_LINE.exec(accounts) ?? [];
  if (listedUid !== undefined && listedGid !== undefined)
    return { uid: Number(listedUid), gid: Number(listedGid) };
  const [uid, gid] = await Promise.all(
    ['-u', '-g'].map(async (flag) => {
      const { stdout, exitCode } = await context.exec('id', [flag, UNPRIVILEGED_ACCOUNT], {
        timeoutMs: 5_000,
      });
      return exitCode === 0 ? Number(stdout.trim()) : Number.NaN;
    }),
  );
  if (uid === undefined || gid === undefined || Number.isNaN(uid) || Number.isNaN(gid)) {
    throw new QbtcError(
      'NO_ACCOUNT',
      `PostgreSQL cannot run as root, and there is no account "${UNPRIVILEGED_ACCOUNT}"`,
      { hint: 'run qbtc as an ordinary user' },
    );
  }
  return { uid, gid };
}
