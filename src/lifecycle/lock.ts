import { randomUUID } from 'node:crypto';
import { access, link, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Context } from '../context.ts';
import { messageOf, QbtcError } from '../errors.ts';
import { createFolders, stackFolders } from '../infra/index.ts';

interface Holder {
  /** Tells one lock from another, also of the same process. */
  id: string;
  pid: number;
  startTime: string | undefined;
  command: string;
}

export interface LockOptions {
  /** On a disk that cannot be written the work is done without a lock: what is started must always be able to end. */
  evenUnwritable?: boolean;
}

/**
 * Runs `work` while no other qbtc changes this stack. The lock of a qbtc that was killed is taken over.
 *
 * @throws QbtcError `LOCKED` with the command and pid that hold it; `STATE_NOT_WRITABLE`
 */
export async function withLock<T>(
  context: Pick<Context, 'host'>,
  root: string,
  command: string,
  work: () => Promise<T>,
  { evenUnwritable = false }: LockOptions = {},
): Promise<T> {
  const file = join(stackFolders(root).state, 'lock');
  let mine: Holder | undefined;
  try {
    await createFolders(root);
    mine = await acquire(context, file, command);
  } catch (error) {
    if (!evenUnwritable || !(error instanceof QbtcError) || error.code !== 'STATE_NOT_WRITABLE') throw error;
  }
  try {
    return await work();
  } finally {
    if (mine !== undefined && (await readHolder(file))?.id === mine.id) await rm(file, { force: true });
  }
}

async function acquire(context: Pick<Context, 'host'>, file: string, command: string): Promise<Holder> {
  const startTime = await context.host.processStartTime(process.pid);
  const mine: Holder = { id: randomUUID(), pid: process.pid, startTime, command };
  const draft = `${file}.${mine.id}`;
  try {
    await writeFile(draft, JSON.stringify(mine), { mode: 0o600 });
    for (;;) {
      // Linked, not created: the lock must never be seen without its holder.
      if (await linked(draft, file)) return mine;
      const holder = await readHolder(file);
      if (holder !== undefined && (await isAlive(context, holder))) {
        throw new QbtcError(
          'LOCKED',
          `another qbtc is changing this stack: ${holder.command} (pid ${holder.pid})`,
          { hint: 'wait until it has ended' },
        );
      }
      await removeStale(context, file, draft);
    }
  } catch (error) {
    if (error instanceof QbtcError) throw error;
    throw new QbtcError('STATE_NOT_WRITABLE', `the lock ${file} cannot be written: ${messageOf(error)}`, {
      hint: 'make the folder of the stack writable, or free space on its disk',
      cause: error,
    });
  } finally {
    await rm(draft, { force: true }).catch(() => {});
  }
}

async function linked(draft: string, file: string): Promise<boolean> {
  try {
    await link(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function isAlive(context: Pick<Context, 'host'>, { pid, startTime }: Holder): Promise<boolean> {
  return startTime !== undefined && (await context.host.processStartTime(pid)) === startTime;
}

/**
 * Two may see the same stale lock, and the slower one must not remove the lock that the faster one has taken meanwhile:
 * only who holds the right to remove does, and looks again before.
 */
async function removeStale(context: Pick<Context, 'host'>, file: string, draft: string): Promise<void> {
  const right = `${file}.removal`;
  if (!(await linked(draft, right))) {
    const remover = await readHolder(right);
    if (remover === undefined || !(await isAlive(context, remover))) await rm(right, { force: true });
    return;
  }
  try {
    // Removed already: whatever stands there a moment later is somebody's.
    if (!(await exists(file))) return;
    const holder = await readHolder(file);
    if (holder === undefined || !(await isAlive(context, holder))) await rm(file, { force: true });
  } finally {
    await rm(right, { force: true });
  }
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

async function readHolder(file: string): Promise<Holder | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Holder;
  } catch {
    return undefined;
  }
}
