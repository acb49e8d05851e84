import { access, constants, readdir } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import type { Context } from '../context.ts';

/** A server program that is installed on this machine. */
export interface Program {
  /** Absolute. */
  path: string;
  /** `15.18`; empty where it does not say. */
  version: string;
}

/** A server program that packages install, for one kind of resource. */
export interface ServerProgram {
  name: string;
  /** The package of Debian that has it. */
  package: string;
  /** Older ones lack what the stack needs. */
  leastMajor: number;
  /** Where packages put it beside the folders of `PATH`; these first, because a wrapper may stand in `PATH`. */
  places: Partial<Record<NodeJS.Platform, SearchedFolders>>;
  /** How its version is told where asking it takes too long. */
  versionOf?(path: string): Promise<string | undefined>;
}

/** How many exist in a folder of versions (`/usr/lib/postgresql/17/bin`) is for the machine to say. */
type SearchedFolders = readonly (string | { versions: string; inside: string })[];

const ENDINGS: Partial<Record<NodeJS.Platform, readonly string[]>> = { win32: ['.exe', '.bat', '.cmd'] };

/** The newest that is installed and new enough, or the reason why there is none. */
export async function findProgram(
  context: Pick<Context, 'env' | 'exec'>,
  program: ServerProgram,
  platform: NodeJS.Platform = process.platform,
): Promise<Program | { missing: string }> {
  const { name, leastMajor: least } = program;
  const path = await locate(context, program, platform);
  if (path === undefined) return { missing: `${name} is not installed` };
  const version = await versionOf(context, program, path);
  if (version === undefined) return { missing: `${path} does not say its version` };
  if (Number.parseInt(version, 10) < least)
    return { missing: `${path} is version ${version}, ${least} or newer is needed` };
  return { path, version };
}

async function locate(
  { env }: Pick<Context, 'env'>,
  { name, places }: ServerProgram,
  platform: NodeJS.Platform,
): Promise<string | undefined> {
  const known = await Promise.all((places[platform] ?? []).map(foldersOf));
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
async function foldersOf(place: SearchedFolders[number]): Promise<string[]> {
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

async function versionOf(
  { exec }: Pick<Context, 'exec'>,
  program: ServerProgram,
  path: string,
): Promise<string | undefined> {
  if (program.versionOf !== undefined) return program.versionOf(path);
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
