import { spawnSync } from 'node:child_process';
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { QbtcError } from '../../../errors.ts';

interface Holder {
  pid: number;
  /** When that process was started, in the words of its system: an id alone may have been given to another one. */
  started: string;
}

/** Keeps a second broker off a folder. A lock whose process is gone is taken over. Gives what releases it. */
export function lockFolder(folder: string): () => void {
  const path = join(folder, 'lock');
  const own: Holder = { pid: process.pid, started: startOf(process.pid) };
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(own), { mode: 0o600 });
  try {
    // A link, not a write: whoever finds the lock finds it with its content.
    while (!tryLink(draft, path)) {
      const found = read(path);
      if (found !== undefined && isAlive(found)) throw inUse(folder, found);
      if (found !== undefined) takeAway(path, found, folder);
    }
  } finally {
    rmSync(draft, { force: true });
  }
  return () => {
    if (isSame(read(path), own)) rmSync(path, { force: true });
  };
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
    linkSync(from, to);
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
    text = readFileSync(path, 'utf8');
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
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it lives, and belongs to somebody else.
    if (codeOf(error) !== 'EPERM') return false;
  }
  const now = startOf(pid);
  return now === '' || started === '' || now === started;
}

/** When a process was started; empty where the system does not say. */
function startOf(pid: number): string {
  if (process.platform === 'linux') {
    try {
      // The 22nd field of proc(5); the second one, the name, may hold blanks and parentheses.
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
        .replace(/^.*\) /s, '')
        .split(' ');
      return fields[19] ?? '';
    } catch {
      return '';
    }
  }
  if (process.platform === 'win32') return '';
  const { stdout } = spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C', TZ: 'UTC' },
  });
  return stdout?.trim() ?? '';
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}

function inUse(folder: string, { pid }: Holder): QbtcError {
  return new QbtcError('BROKER_DATA_IN_USE', `${folder} is in use by the broker with process id ${pid}`, {
    hint: 'stop that one first, or give this one a dataFolder of its own',
  });
}
