import { createHash, randomUUID } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  constants,
  copyFileSync,
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
import type { Account } from './cluster.ts';

// Clusters as initdb makes them, each kept once for all stacks of an account: to copy one takes a third of the processor
// time. No stack's password is in them. Files are copied synchronously: there are a thousand, most of a few KB.

/** Of other versions of PostgreSQL than the last ones that were used none is kept. */
const KEPT = 3;
/** What a killed run left behind is nobody's work any more after that time. */
const ABANDONED_MS = 60 * 60_000;
const LISTING = 'listing.json';
const DATA = 'data';

/** What a whole copy has; written last. */
const listingSchema = z.object({ folders: z.array(z.string()), files: z.record(z.string(), z.number()) });
type Listing = z.output<typeof listingSchema>;

/** The folder of ready clusters; they may be removed at any time. */
export function readyClusters(env: NodeJS.ProcessEnv): string {
  return join(cacheFolder(env), 'clusters');
}

/** What tells one kind of cluster from another: the programs, what initdb is asked for, and what it takes from the machine. */
export function clusterKey(programs: string, args: readonly string[], env: NodeJS.ProcessEnv): string {
  const made = ['initdb', 'postgres'].map((name) => {
    const { size, mtimeMs } = statSync(join(programs, 'bin', name));
    return [size, mtimeMs];
  });
  const zone = [env.TZ, Intl.DateTimeFormat().resolvedOptions().timeZone];
  return createHash('sha256')
    .update(JSON.stringify([made, args, zone, process.platform, process.arch]))
    .digest('hex')
    .slice(0, 32);
}

/**
 * Copies the ready cluster of this key to `target`, which is not there yet.
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
    const listing = listingSchema.parse(JSON.parse(readFileSync(join(place, LISTING), 'utf8')));
    copy(join(place, DATA), target, listing, account);
    utimesSync(place, new Date(), new Date());
    return true;
  } catch (error) {
    rmSync(target, { recursive: true, force: true });
    const isAbsent = (error as NodeJS.ErrnoException).code === 'ENOENT' && lstatOf(place) === undefined;
    if (!isAbsent) dropReady(folder, key);
    return false;
  }
}

/** Keeps a copy of a cluster that no server has run on. That it cannot be kept is no reason for anything. */
export function keepReady(folder: string, key: string, made: string): void {
  const unfinished = join(folder, `${key}.${randomUUID()}`);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    if (!isOurs(folder)) return;
    mkdirSync(unfinished, { mode: 0o700 });
    const listing = list(made);
    copy(made, join(unfinished, DATA), listing, undefined);
    writeFileSync(join(unfinished, LISTING), JSON.stringify(listing));
    renameSync(unfinished, join(folder, key));
    removeUnused(folder);
  } catch {
    // Another run has kept one meanwhile, or nothing can be written there.
  } finally {
    dropReady(folder, basename(unfinished));
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

function list(made: string): Listing {
  const listing: Listing = { folders: [], files: {} };
  for (const entry of readdirSync(made, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const name = path.slice(made.length + 1);
    if (entry.isDirectory()) listing.folders.push(name);
    else if (entry.isFile()) listing.files[name] = statSync(path).size;
    else throw new Error(`${name} is neither a file nor a folder`);
  }
  return listing;
}

function copy(from: string, to: string, { folders, files }: Listing, account: Account | undefined): void {
  const give = (path: string, mode: number) => {
    chmodSync(path, mode);
    if (account !== undefined) chownSync(path, account.uid, account.gid);
  };
  for (const folder of ['', ...folders]) {
    mkdirSync(join(to, folder), { recursive: true });
    give(join(to, folder), 0o700);
  }
  for (const [name, size] of Object.entries(files)) {
    const target = join(to, name);
    copyFileSync(join(from, name), target, constants.COPYFILE_FICLONE);
    if (statSync(target).size !== size) throw new Error(`${name} is not whole`);
    give(target, 0o600);
  }
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
