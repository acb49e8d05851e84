import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { endChild, eventually, findProgram, freePorts, startChild, type TestServer } from './server.ts';

const DEBIAN = '/usr/lib/postgresql';
const asRoot = process.getuid?.() === 0;

export const postgresServer = {
  name: 'PostgreSQL',
  found: findProgram([
    ...(existsSync(DEBIAN) ? readdirSync(DEBIAN).sort().reverse() : []).map((version) =>
      join(DEBIAN, version, 'bin/postgres'),
    ),
    '/usr/local/bin/postgres',
    '/opt/homebrew/bin/postgres',
  ]),
  install: 'apt-get install postgresql',
};

/** A cluster of its own. As root it runs under the account `postgres`, as the server refuses root. */
export async function startPostgres(): Promise<TestServer> {
  const program = postgresServer.found;
  if (program === undefined) throw new Error('PostgreSQL is not installed');
  const folder = await mkdtemp(join(tmpdir(), 'stack-postgres-'));
  const data = join(folder, 'data');
  await mkdir(data);
  const run = promisify(execFile);
  const unprivileged = asRoot ? ['setpriv', '--reuid=postgres', '--regid=postgres', '--init-groups'] : [];
  if (asRoot) {
    await chmod(folder, 0o755);
    await run('chown', ['-R', 'postgres:postgres', data]);
  }
  const command = (name: string, args: string[]): [string, string[]] => {
    const [first = name, ...rest] = [...unprivileged, program.replace(/postgres$/, name), ...args];
    return [first, rest];
  };
  await run(
    ...command('initdb', [
      '-D',
      data,
      '-U',
      'stack',
      '--auth=trust',
      '--no-sync',
      '-E',
      'UTF8',
      '--locale=C',
    ]),
    {
      cwd: folder,
    },
  );
  const [port = 0] = await freePorts(1);
  const url = `postgres://stack@127.0.0.1:${port}/postgres`;
  let child: ReturnType<typeof startChild> | undefined;
  const start = async () => {
    const settings = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'fsync=off'];
    child = startChild(
      ...command('postgres', [
        '-D',
        data,
        '-p',
        String(port),
        ...settings.flatMap((setting) => ['-c', setting]),
      ]),
      { cwd: folder },
    );
    await eventually('PostgreSQL answers', () => query(url, 'select 1'), { timeoutMs: 20_000 });
  };
  await start();
  return {
    url,
    port,
    start,
    kill: () => endChild(child?.process, 'SIGKILL'),
    async stop() {
      await endChild(child?.process, 'SIGINT');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** One statement, or several without values, on a connection of its own. */
export async function query<Row extends pg.QueryResultRow>(
  url: string,
  text: string,
  values?: unknown[],
): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  try {
    const { rows } = await client.query<Row>(text, values);
    return rows;
  } finally {
    await client.end();
  }
}

/** A file that people write: its byte order mark is no part of it, and what is not UTF-8 is refused. */
async function readText(file: string): Promise<string> {
  return new TextDecoder('utf-8', { fatal: true }).decode(await readFile(file));
}

/** Applies the SQL files of a folder in the order of their names, each in a transaction. */
export async function migrate(url: string, folder: string): Promise<void> {
  for (const name of (await readdir(folder)).filter((file) => file.endsWith('.sql')).sort()) {
    await query(url, `begin; ${await readText(join(folder, name))}; commit`);
  }
}
