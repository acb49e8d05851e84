import { randomUUID } from 'node:crypto';
import { access, link, readFile, rm, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { startTimeOf } from '../alive.ts';
import { QbtcError } from '../errors.ts';

const RETRY_MS = 10;
/** What is done under the lock of a file takes moments; a holder that keeps it this long stands still. */
const PATIENCE_MS = 60_000;

/** Who holds a lock: a process is told by its id and its start, since ids are given again. */
export interface LockHolder {
  /** Tells one lock from another, also of the same process. */
  id: string;
  pid: number;
  startTime: string | undefined;
  /** What it does, for those who find the lock taken. */
  command?: string;
}

/** This process, as the holder of a lock. */
export function newHolder(command?: string): LockHolder {
  const startTime = startTimeOf(process.pid);
  return { id: randomUUID(), pid: process.pid, startTime, ...(command === undefined ? {} : { command }) };
}

/**
 * Takes the lock; answers with who has it: `mine`, or another process that lives. The lock of one that is gone is taken
 * over, and so is one that names nobody; that of one that lives never is, however slow it is.
 */
export async function takeLock(lock: string, mine: LockHolder): Promise<LockHolder> {
  const draft = `${lock}.${mine.id}`;
  try {
    await writeFile(draft, JSON.stringify(mine), { mode: 0o600 });
    for (;;) {
      // Linked, not created: the lock must never be seen without its holder.
      if (await linked(draft, lock)) return mine;
      const holder = await holderOf(lock);
      if (isAlive(holder)) return holder;
      await removeStale(lock, draft);
    }
  } finally {
    await rm(draft, { force: true }).catch(() => {});
  }
}

/** Gives the lock back, unless it is somebody else's. */
export async function giveBack(lock: string, mine: LockHolder): Promise<void> {
  if ((await holderOf(lock))?.id === mine.id) await rm(lock, { force: true });
}

/** What waits in this process, by file: the lock on the disk is for other processes. */
const waiting = new Map<string, Promise<unknown>>();

/**
 * Runs `work` while nobody else, in this process or in another one, does so for this file. It waits for its turn. For
 * reading, changing, and writing one file, and for nothing that takes longer.
 *
 * @throws QbtcError `FILE_LOCKED` with the pid of who has not let go of it for a minute
 */
export function withFileLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  const turn = (waiting.get(file) ?? Promise.resolve()).then(() => locked(`${file}.lock`, work));
  const settled = turn.catch(() => {});
  waiting.set(file, settled);
  void settled.then(() => {
    if (waiting.get(file) === settled) waiting.delete(file);
  });
  return turn;
}

async function locked<T>(lock: string, work: () => Promise<T>): Promise<T> {
  const mine = newHolder();
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const holder = await takeLock(lock, mine);
    if (holder === mine) break;
    if (performance.now() > deadline)
      throw new QbtcError('FILE_LOCKED', `process ${holder.pid} has held ${lock} for a minute`, {
        hint: `see what holds it up; once it has ended the lock is taken over: kill ${holder.pid}`,
      });
    await sleep(RETRY_MS);
  }
  try {
    return await work();
  } finally {
    await giveBack(lock, mine);
  }
}

async function linked(draft: string, lock: string): Promise<boolean> {
  try {
    await link(draft, lock);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/**
 * Two may see the same stale lock, and the slower one must not remove the lock that the faster one has taken meanwhile:
 * only who holds the right to remove does, and looks again before.
 */
async function removeStale(lock: string, draft: string): Promise<void> {
  const right = `${lock}.removal`;
  if (!(await linked(draft, right))) {
    if (!isAlive(await holderOf(right))) await rm(right, { force: true });
    return;
  }
  try {
    // Removed already: whatever stands there a moment later is somebody's.
    if (!(await exists(lock))) return;
    if (!isAlive(await holderOf(lock))) await rm(lock, { force: true });
  } finally {
    await rm(right, { force: true });
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** Who stands in the lock; `undefined` when it is gone, or names nobody (a whole one always does). */
async function holderOf(lock: string): Promise<LockHolder | undefined> {
  try {
    return JSON.parse(await readFile(lock, 'utf8')) as LockHolder;
  } catch {
    return undefined;
  }
}

function isAlive(holder: LockHolder | undefined): holder is LockHolder {
  return holder?.startTime !== undefined && startTimeOf(holder.pid) === holder.startTime;
}
