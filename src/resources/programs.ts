import { access, constants, readdir, realpath } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import type { Context } from '../context.ts';

/** A server program that is installed on this machine. */
export interface Program {
  /** Absolute. */
  path: string;
  /** `15.18`; empty where it does not say. */
  version: string;
}

export type ServerProgram = 'rabbitmq-server' | 'redis-server' | 'postgres';
export const SERVER_PROGRAMS: readonly ServerProgram[] = ['rabbitmq-server', 'redis-server', 'postgres'];

/** Older ones lack what the stack needs. */
const LEAST_MAJOR: Record<ServerProgram, number> = {
  // Quorum queues with a delivery limit, and `default_vhost` in its configuration.
  'rabbitmq-server': 3,
  // ACLs, and RESP3.
  'redis-server': 6,
  // What its makers still mend.
  postgres: 13,
};

/** How many exist in a folder of versions (`/usr/lib/postgresql/17/bin`) is for the machine to say. */
type Places = readonly (string | { versions: string; inside: string })[];

/** Where packages put a program beside the folders of `PATH`; these first, because a wrapper may stand in `PATH`. */
const PLACES: Record<ServerProgram, Partial<Record<NodeJS.Platform, Places>>> = {
  'rabbitmq-server': {
    // Debian's wrapper in /usr/sbin insists on the account `rabbitmq`.
    linux: ['/usr/lib/rabbitmq/bin'],
    darwin: ['/opt/homebrew/opt/rabbitmq/sbin', '/usr/local/opt/rabbitmq/sbin'],
    win32: [{ versions: 'C:\\Program Files\\RabbitMQ Server', inside: 'sbin' }],
  },
  'redis-server': {
    darwin: ['/opt/homebrew/bin', '/usr/local/bin'],
    win32: ['C:\\Program Files\\Redis', 'C:\\Program Files\\Memurai'],
  },
  postgres: {
    linux: [{ versions: '/usr/lib/postgresql', inside: 'bin' }],
    darwin: [
      { versions: '/Applications/Postgres.app/Contents/Versions', inside: 'bin' },
      ...['17', '16', '15', '14'].map((version) => `/opt/homebrew/opt/postgresql@${version}/bin`),
    ],
    win32: [{ versions: 'C:\\Program Files\\PostgreSQL', inside: 'bin' }],
  },
};

const ENDINGS: Partial<Record<NodeJS.Platform, readonly string[]>> = { win32: ['.exe', '.bat', '.cmd'] };

/** The newest that is installed and new enough, or the reason why there is none. */
export async function findProgram(
  context: Pick<Context, 'env' | 'exec'>,
  name: ServerProgram,
  platform: NodeJS.Platform = process.platform,
): Promise<Program | { missing: string }> {
  const path = await locate(context, name, platform);
  if (path === undefined) return { missing: `${name} is not installed` };
  const version = await versionOf(context, name, path);
  const least = LEAST_MAJOR[name];
  if (version === undefined) return { missing: `${path} does not say its version` };
  if (Number.parseInt(version, 10) < least)
    return { missing: `${path} is version ${version}, ${least} or newer is needed` };
  return { path, version };
}

async function locate(
  { env }: Pick<Context, 'env'>,
  name: ServerProgram,
  platform: NodeJS.Platform,
): Promise<string | undefined> {
  const known = await Promise.all((PLACES[name][platform] ?? []).map(foldersOf));
  const inPath = (env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  for (const folder of [...known.flat(), ...inPath]) {
    for (const ending of ENDINGS[platform] ?? ['']) {
      const path = join(folder, `${name}${ending}`);
      if (await isExecutable(path)) return path;
    }
  }
  return undefined;
}

/** The newest version first. */
async function foldersOf(place: Places[number]): Promise<string[]> {
  if (typeof place === 'string') return [place];
  const versions = await readdir(place.versions).catch(() => []);
  return versions
    .sort((a, b) => b.localeCompare(a, 'en', { numeric: true }))
    .map((version) => join(place.versions, version, place.inside));
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** Asked of the program, except for RabbitMQ: starting Erlang takes a second, and its folder says it. */
async function versionOf(
  { exec }: Pick<Context, 'exec'>,
  name: ServerProgram,
  path: string,
): Promise<string | undefined> {
  if (name === 'rabbitmq-server') {
    const real = await realpath(path);
    return /rabbitmq[_-]server-(\d+(?:\.\d+)*)|rabbitmq[\\/](\d+(?:\.\d+)*)[\\/]/i
      .exec(real)
      ?.slice(1)
      .find((found) => found !== undefined);
  }
  const { stdout } = await exec(path, ['--version'], { timeoutMs: 5_000 });
  return parseVersion(stdout);
}

/** `postgres (PostgreSQL) 15.18 (Debian …)`, `Redis server v=7.0.15 sha=…`. */
export function parseVersion(text: string): string | undefined {
  return /(?:\) |v=|\s)(\d+(?:\.\d+)*)/.exec(text)?.[1];
}

/** The folder with `bin` in it that a program stands in. */
export function programFolder({ path }: Program): string {
  return dirname(dirname(path));
}
