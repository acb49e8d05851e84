import { messageOf, QbtcError } from '../errors.ts';
import { createFolders, giveBack, type LockHolder, newHolder, statePath, takeLock } from '../state/index.ts';

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
  root: string,
  command: string,
  work: () => Promise<T>,
  { evenUnwritable = false }: LockOptions = {},
): Promise<T> {
  const file = statePath(root, 'lock');
  const mine = newHolder(command);
  try {
    await createFolders(root);
    await acquire(file, mine);
  } catch (error) {
    if (!evenUnwritable || !(error instanceof QbtcError) || error.code !== 'STATE_NOT_WRITABLE') throw error;
  }
  try {
    return await work();
  } finally {
    await giveBack(file, mine);
  }
}

async function acquire(file: string, mine: LockHolder): Promise<void> {
  let holder: LockHolder;
  try {
    holder = await takeLock(file, mine);
  } catch (error) {
    throw new QbtcError('STATE_NOT_WRITABLE', `the lock ${file} cannot be written: ${messageOf(error)}`, {
      hint: 'make the folder of the stack writable, or free space on its disk',
      cause: error,
    });
  }
  if (holder === mine) return;
  throw new QbtcError(
    'LOCKED',
    `another qbtc is changing this stack: ${holder.command ?? 'its command is not known'} (pid ${holder.pid})`,
    { hint: 'wait until it has ended' },
  );
}
