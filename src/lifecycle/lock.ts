import { link, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Context } from '../context.ts';
import { QbtcError } from '../errors.ts';
import { createFolders, stackFolders } from '../infra/index.ts';

interface Holder {
  pid: number;
  startTime: string | undefined;
  command: string;
}

/**
 * Runs `work` while no other qbtc changes this stack. The lock of a qbtc that was killed is taken over.
 *
 * @throws QbtcError `LOCKED` with the command and pid that hold it
 */
export async function withLock<T>(
  context: Pick<Context, 'host'>,
  root: string,
  command: string,
  work: () => Promise<T>,
): Promise<T> {
  await createFolders(root);
  const file = join(stackFolders(root).state, 'lock');
  await acquire(context, file, command);
  try {
    return await work();
  } finally {
    await rm(file, { force: true });
  }
}

async function acquire(context: Pick<Context, 'host'>, file: string, command: string): Promise<void> {
  const startTime = await context.host.processStartTime(process.pid);
  const mine: Holder = { pid: process.pid, startTime, command };
  for (const attempt of [1, 2]) {
    try {
      // Linked, not created: the lock must never be seen without its holder.
      const draft = `${file}.${process.pid}`;
      await writeFile(draft, JSON.stringify(mine), { mode: 0o600 });
      await link(draft, file).finally(() => rm(draft, { force: true }));
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      const holder = await readHolder(file);
      const alive =
        holder !== undefined && (await context.host.processStartTime(holder.pid)) === holder.startTime;
      if (alive || attempt === 2) {
        throw new QbtcError(
          'LOCKED',
          `another qbtc is changing this stack: ${holder?.command ?? 'unknown'} (pid ${holder?.pid ?? 'unknown'})`,
          { hint: 'wait until it has ended' },
        );
      }
      await rm(file, { force: true });
    }
  }
}

async function readHolder(file: string): Promise<Holder | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Holder;
  } catch {
    return undefined;
  }
}
