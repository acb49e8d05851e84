import { createHash, randomUUID } from 'node:crypto';
import {
  chmodSync,
  constants,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import * as z from 'zod';
import { cacheFolder } from '../../state/index.ts';
import { type Account, give, takeBack } from '../account.ts';

// Clusters as initdb makes them, each kept once for all stacks of an account: to copy one takes a third of the processor
// time. No stack's password is in them. Files are copied synchronously: there are a thousand, most of a few KB.

/** Of other versions of PostgreSQL than the last ones that were used none is kept. */
const KEPT = 3;
/** What a killed run left behind is nobody's work any more after that time. */
const ABANDONED_MS = 60 * 60_000;
const LISTING = 'listing.json';
const DATA = 'data';

/** What a whole copy has, each file with a digest: a machine that goes down leaves files of their size that are empty. */
const listingSchema = z.object({ folders: z.array(z.string()), files: z.record(z.string(), z.string()) });
type Listing = z.output<typeof listingSchema>;

/** The folder of ready clusters; they may be removed at any time. */
export function readyClusters(env: NodeJS.ProcessEnv): string {
  return join(cacheFolder(env), 'clusters');
}

/**
 * What tells one kind of cluster from another: the programs, what initdb is asked for, and what it takes from the machine.
 * `undefined` where a part of that is not found: then none is ready, and none is kept.
 */
export function clusterKey(
  programs: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): string | undefined {
  try {
    const ending = process.platform === 'win32' ? '.exe' : '';
    const made = ['initdb', 'postgres'].map((name) => fileDigest(join(programs, 'bin', `${name}${ending}`)));
    const catalog = sharedFolders(programs)
      .map((folder) => join(folder, 'postgres.bki'))
      .find(existsSync);
    if (catalog === undefined) return undefined;
    const zone = [env.TZ, Intl.DateTimeFormat().resolvedOptions().timeZone];
    return digestOf(
      JSON.stringify([made, fileDigest(catalog), args, zone, process.platform, process.arch]),
    ).slice(0, 32);
  } catch {
    // initdb says what cannot be read.
    return undefined;
  }
}

/** Where packages of PostgreSQL have what initdb makes a cluster of; the last one is Debian's. */
function sharedFolders(programs: string): string[] {
  const version = basename(programs);
  return [
    join(programs, 'share'),
    join(programs, 'share', 'postgresql'),
    join(programs, 'share', version),
    join(programs, '..', '..', '..', 'share', 'postgresql', version),
  ];
}

/**
 * Copies the ready cluster of this key to `target`, which is not there yet, in a folder that is ours alone to write.
 * @returns whether there was a whole one; of one that is damaged nothing is left
 */
export function takeReady(
  folder: string,
  key: string,
  target: string,
  account: Account | undefined,
): boolean {
  const place = join(folder, key);
  try {
    if (!isOurs(folder)) return false;
    copy(join(place, DATA), target, readListing(place));
    utimesSync(place, new Date(), new Date());
  } catch {
    rmSync(target, { recursive: true, force: true });
    // A full disk, say, is no fault of what is kept.
    if (lstatOf(place) !== undefined && !isWhole(place)) dropReady(folder, key);
    return false;
  }
  if (account !== undefined) give(target, account);
  return true;
}

/**
 * Keeps a copy of a cluster that no server has run on. That it cannot be kept is no reason for anything.
 * @param account whose the cluster is; meanwhile it is ours, so that nothing else is copied by its names
 */
export function keepReady(folder: string, key: string, made: string, account: Account | undefined): void {
  const unfinished = join(folder, `${key}.${randomUUID()}`);
  if (account !== undefined) takeBack(made);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    if (!isOurs(folder)) return;
    mkdirSync(unfinished, { mode: 0o700 });
    const listing = list(made);
    copy(made, join(unfinished, DATA), listing);
    // Last: what has a listing was copied whole.
    writeFileSync(join(unfinished, LISTING), JSON.stringify(listing));
    renameSync(unfinished, join(folder, key));
    removeUnused(folder);
  } catch {
    // Another run has kept one meanwhile, or nothing can be written there.
  } finally {
    dropReady(folder, basename(unfinished));
    if (account !== undefined) give(made, account);
  }
}

/** Forgets a cluster that did not do, or is no longer wanted. */
export function dropReady(folder: string, key: string): void {
  try {
    rmSync(join(folder, key), { recursive: true, force: true });
  } catch {
    // It is tried again by the next one who finds it damaged.
  }
}

/** What others could write would run as part of our databases. */
function isOurs(folder: string): boolean {
  const own = process.getuid?.();
  if (own === undefined) return true;
  const { uid, mode } = statSync(folder);
  return uid === own && (mode & 0o022) === 0;
}

function readListing(place: string): Listing {
  return listingSchema.parse(JSON.parse(readFileSync(join(place, LISTING), 'utf8')));
}

function list(made: string): Listing {
  const listing: Listing = { folders: [], files: {} };
  for (const entry of readdirSync(made, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const name = path.slice(made.length + 1);
    if (entry.isDirectory()) listing.folders.push(name);
    // A file with another name somewhere may be another's.
    else if (entry.isFile() && lstatSync(path).nlink === 1) listing.files[name] = fileDigest(path);
    else throw new Error(`${name} is neither a file nor a folder of the cluster alone`);
  }
  return listing;
}

function copy(from: string, to: string, { folders, files }: Listing): void {
  for (const folder of ['', ...folders]) mkdirSync(join(to, folder), { recursive: true, mode: 0o700 });
  for (const [name, digest] of Object.entries(files)) {
    const target = join(to, name);
    copyFileSync(join(from, name), target, constants.COPYFILE_FICLONE);
    if (fileDigest(target) !== digest) throw new Error(`${name} is not whole`);
    chmodSync(target, 0o600);
  }
}

/** Whether what is kept is as it was when it was kept. */
function isWhole(place: string): boolean {
  try {
    const { folders, files } = readListing(place);
    return (
      folders.every((name) => lstatOf(join(place, DATA, name))?.isDirectory() === true) &&
      Object.entries(files).every(([name, digest]) => fileDigest(join(place, DATA, name)) === digest)
    );
  } catch {
    return false;
  }
}

const fileDigest = (file: string) => digestOf(readFileSync(file));

function digestOf(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

function removeUnused(folder: string): void {
  const found = readdirSync(folder).flatMap((name) => {
    const usedAt = lstatOf(join(folder, name))?.mtimeMs;
    return usedAt === undefined ? [] : [{ name, usedAt }];
  });
  const whole = found.filter(({ name }) => !name.includes('.')).sort((a, b) => b.usedAt - a.usedAt);
  const abandoned = found.filter(
    ({ name, usedAt }) => name.includes('.') && Date.now() - usedAt > ABANDONED_MS,
  );
  for (const { name } of [...whole.slice(KEPT), ...abandoned]) dropReady(folder, name);
}

function lstatOf(path: string) {
  return lstatSync(path, { throwIfNoEntry: false });
}
