import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, QbtcError } from '../errors.ts';
import { STATE_FOLDER } from './supervision/state.ts';

/** The folders in `.qbtc/` that running the stack needs. */
export function stackFolders(root: string) {
  const state = join(root, STATE_FOLDER);
  return {
    state,
    logs: join(state, 'logs'),
    data: join(state, 'data'),
    build: join(state, 'build'),
    logFile: (name: string) => join(state, 'logs', `${name}.log`),
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
