import {
  linkSync,
  lstatSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { startTimeOf } from '../../../alive.ts';
import { messageOf, QbtcError } from '../../../errors.ts';

/** The disk is full, or the account has no more room on it. */
const NO_ROOM = new Set(['ENOSPC', 'EDQUOT']);

interface Holder {
  pid: number;
  /** When that process was started, in the words of its system: an id alone may have been given to another one. */
  started: string;
}

/**
 * Keeps a second broker off a folder. A lock whose process is gone is taken over. Gives what releases it. Throws
 * BROKER_DATA_IN_USE, and BROKER_DATA_UNWRITABLE where no file can be made at all.
 */
export function lockFolder(folder: string): () => void {
  const path = join(folder, 'lock');
  const own: Holder = { pid: process.pid, started: startTimeOf(process.pid) ?? '' };
  const draft = `${path}.${process.pid}`;
  try {
    writeDraft(draft, JSON.stringify(own));
    // A link, not a write: whoever finds the lock finds it with its content.
    while (!tryLink(draft, path)) {
      const found = read(path);
      if (found !== undefined && isAlive(found)) throw inUse(folder, found);
      if (found !== undefined) takeAway(path, found, folder);
    }
  } catch (error) {
    if (error instanceof QbtcError) throw error;
    throw new QbtcError('BROKER_DATA_UNWRITABLE', `${path} cannot be written: ${messageOf(error)}`, {
      hint: 'the broker needs its data folder to be writable: mend that, or give it another dataFolder',
      cause: error,
    });
  } finally {
    rmSync(draft, { force: true });
  }
  return () => {
    if (isSame(read(path), own)) rmSync(path, { force: true });
  };
}

/** On a disk that is full a symbolic link holds the text: it needs no room but its name's. */
function writeDraft(draft: string, text: string): void {
  try {
    writeFileSync(draft, text, { mode: 0o600 });
  } catch (error) {
    if (!NO_ROOM.has(codeOf(error) ?? '')) throw error;
    rmSync(draft, { force: true });
    symlinkSync(text, draft);
  }
}

/** Of several that find the same stale lock, one takes it away; who takes a fresh one by mistake puts it back. */
function takeAway(path: string, stale: Holder, folder: string): void {
  const aside = `${path}.${process.pid}.stale`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return;
    throw error;
  }
  const taken = read(aside);
  if (taken !== undefined && !isSame(taken, stale)) {
    tryLink(aside, path);
    rmSync(aside, { force: true });
    throw inUse(folder, taken);
  }
  rmSync(aside, { force: true });
}

function tryLink(from: string, to: string): boolean {
  try {
    // Not every system makes a second name of a symbolic link: some make one of what it points to.
    if (lstatSync(from).isSymbolicLink()) symlinkSync(readlinkSync(from), to);
    else linkSync(from, to);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

/** `undefined` when there is no lock. One that cannot be understood belongs to nobody. */
function read(path: string): Holder | undefined {
  let text: string;
  try {
    text = lstatSync(path).isSymbolicLink() ? readlinkSync(path) : readFileSync(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const { pid, started } = JSON.parse(text) as Partial<Holder>;
    return { pid: Number(pid), started: String(started) };
  } catch {
    return { pid: 0, started: '' };
  }
}

function isSame(a: Holder | undefined, b: Holder): boolean {
  return a !== undefined && a.pid === b.pid && a.started === b.started;
}

function isAlive({ pid, started }: Holder): boolean {
  const now = startTimeOf(pid);
  return now !== undefined && (now === '' || started === '' || now === started);
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}

function inUse(folder: string, { pid }: Holder): QbtcError {
  return new QbtcError('BROKER_DATA_IN_USE', `${folder} is in use by the broker with process id ${pid}`, {
    hint: 'stop that one first, or give this one a dataFolder of its own',
  });
}
