import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rename, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { startTimeOf } from '../alive.ts';
import { EXIT, messageOf, QbtcError } from '../errors.ts';

/** Told by its name whose it is: `.qbtc-new-PID-RANDOM`. */
const STAGING = /^\.qbtc-new-(\d+)-[0-9a-f]{12}$/;
/** No `qbtc new` takes this long: the pid in the name has come to be another process. */
const STALE_MS = 24 * 60 * 60_000;
const SHOWN_ENTRIES = 5;

/** The place where a stack is built and, when it is whole, put to where it belongs. */
export interface Place {
  /** Where to build. */
  staging: string;
  /** Moves what was built to the target. */
  settle(): Promise<void>;
  /** Removes all that was made here, settled or not, and nothing that was there before. */
  undo(): Promise<void>;
}

/**
 * Prepares to build a stack in `target`, which must not exist, or be an empty folder. It is built beside the target,
 * or inside of it when it is there already (it may be another file system, or somebody's working folder),
 * so that putting it in place is renaming. What a `qbtc new` that was killed left there is removed first.
 * @throws QbtcError FOLDER_NOT_EMPTY, FOLDER_NOT_WRITABLE
 */
export async function preparePlace(target: string): Promise<Place> {
  await sweep(dirname(target));
  await sweep(target);
  const before = await entriesOf(target);
  if (before !== undefined && before.length > 0) throw notEmpty(target, before);
  return before === undefined ? await besides(target) : await inside(target);
}

async function besides(target: string): Promise<Place> {
  const parent = dirname(target);
  // The topmost folder that was made for it, to be removed again.
  const made = await writable(parent, () => mkdir(parent, { recursive: true }));
  const staging = await makeStaging(parent);
  let settled = false;
  return {
    staging,
    async settle() {
      await rename(staging, target);
      settled = true;
    },
    async undo() {
      await remove(settled ? target : staging);
      if (made !== undefined) await removeEmpty(parent, made);
    },
  };
}

async function inside(target: string): Promise<Place> {
  const staging = await makeStaging(target);
  const moved: string[] = [];
  return {
    staging,
    async settle() {
      for (const name of await readdir(staging)) {
        await rename(join(staging, name), join(target, name));
        moved.push(name);
      }
      await rmdir(staging);
    },
    async undo() {
      await remove(staging);
      for (const name of moved) await remove(join(target, name));
    },
  };
}

/** With the mode that the user's umask gives a new folder (`mkdtemp` would make it private): it becomes the stack. */
async function makeStaging(parent: string): Promise<string> {
  const staging = join(parent, `.qbtc-new-${process.pid}-${randomBytes(6).toString('hex')}`);
  await writable(parent, () => mkdir(staging));
  return staging;
}

/** Removes the staging folders in `parent` whose process is gone. What cannot be removed stays; it is in nobody's way. */
async function sweep(parent: string): Promise<void> {
  const entries = await readdir(parent, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    const pid = STAGING.exec(entry.name)?.[1];
    if (pid === undefined || !entry.isDirectory()) continue;
    const staging = join(parent, entry.name);
    const made = await stat(staging).catch(() => undefined);
    if (made === undefined) continue;
    if (startTimeOf(Number(pid)) !== undefined && Date.now() - made.mtimeMs < STALE_MS) continue;
    await remove(staging).catch(() => {});
  }
}

async function entriesOf(target: string): Promise<string[] | undefined> {
  try {
    return (await readdir(target)).sort();
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    if (hasCode(error, 'ENOTDIR') && (await stat(target).catch(() => undefined))?.isFile()) {
      throw new QbtcError('FOLDER_NOT_EMPTY', `${target} is a file`, {
        hint: 'Choose another name, or move the file away.',
        exit: EXIT.usage,
        cause: error,
      });
    }
    throw notWritable(target, error);
  }
}

function notEmpty(target: string, entries: readonly string[]): QbtcError {
  const more = entries.length - SHOWN_ENTRIES;
  return new QbtcError('FOLDER_NOT_EMPTY', `${target} is not empty`, {
    details: [...entries.slice(0, SHOWN_ENTRIES), ...(more > 0 ? [`and ${more} more`] : [])],
    hint: 'Choose another name, or empty the folder first: nothing that is there is changed.',
    exit: EXIT.usage,
  });
}

async function writable<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw notWritable(folder, error);
  }
}

function notWritable(folder: string, cause: unknown): QbtcError {
  return new QbtcError('FOLDER_NOT_WRITABLE', `nothing can be made in ${folder}: ${messageOf(cause)}`, {
    hint: 'Choose a folder that you may write to, on a disk that is not full.',
    cause,
  });
}

async function remove(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
}

/** Removes empty folders from `folder` up to `top`; stops at one that somebody else has put something into. */
async function removeEmpty(folder: string, top: string): Promise<void> {
  for (let current = folder; current.length >= top.length; current = dirname(current)) {
    try {
      await rmdir(current);
    } catch {
      return;
    }
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
