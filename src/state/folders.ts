import { mkdir, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, QbtcError } from '../errors.ts';
import { stateFolder, statePath } from './folder.ts';

/** The folders in `.qbtc/` that running the stack needs. */
export function stackFolders(root: string) {
  return {
    state: stateFolder(root),
    logs: statePath(root, 'logs'),
    data: statePath(root, 'data'),
    build: statePath(root, 'build'),
    logFile: (name: string) => join(statePath(root, 'logs'), `${name}.log`),
  };
}

/** Makes the folders; a read-only or full disk is told here, before anything is started. */
export async function createFolders(root: string): Promise<void> {
  const folders = stackFolders(root);
  try {
    for (const folder of [folders.state, folders.logs, folders.data, folders.build]) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
    }
  } catch (error) {
    throw new QbtcError('STATE_NOT_WRITABLE', `${folders.state} cannot be written: ${messageOf(error)}`, {
      hint: 'make the folder of the stack writable, or free space on its disk',
      cause: error,
    });
  }
}

/** A new database cluster takes 40 MB, the bundles 10; the rest is for logs and for the queues. */
const WANTED_BYTES = 64 * 1024 * 1024;

/**
 * Says that the disk is full before anything is started on it: what starts could not even write down why it ends.
 *
 * @throws QbtcError `DISK_FULL`
 */
export async function checkDisk(root: string): Promise<void> {
  const { state } = stackFolders(root);
  const { bavail, bsize } = await statfs(state);
  const free = bavail * bsize;
  if (free >= WANTED_BYTES) return;
  const megabytes = (bytes: number) => `${(bytes / 1024 / 1024).toFixed(1)} MB`;
  throw new QbtcError('DISK_FULL', `the disk of ${state} is full: ${megabytes(free)} are free`, {
    details: [`wanted: ${megabytes(WANTED_BYTES)} for data, bundles, and logs`],
    hint: 'free space on that disk, or move the stack to another one',
  });
}
