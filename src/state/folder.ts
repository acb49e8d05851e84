import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { STATE_FILES, type StateFileName } from './files.ts';

/** The folder inside the stack that holds everything of its running state. */
export const STATE_FOLDER = '.qbtc';

export function stateFolder(root: string): string {
  return join(root, STATE_FOLDER);
}

/** Where something of the list stands. */
export function statePath(root: string, name: StateFileName): string {
  return join(stateFolder(root), STATE_FILES[name].file);
}

/** Makes the folder where it is missing: for its owner alone, and ignored by git. */
export async function makeStateFolder(root: string): Promise<void> {
  await mkdir(stateFolder(root), { recursive: true, mode: 0o700 });
  await chmod(stateFolder(root), 0o700);
  await writeFile(statePath(root, 'ignored'), '*\n', { flag: 'wx' }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
}

const DATA = [sep, STATE_FOLDER, sep, STATE_FILES.data.file, sep].join('');

/** The stack and the resource whose data stands in this folder; `undefined` for a folder that is no stack's data. */
export function ownerOfData(folder: string): { root: string; resource: string } | undefined {
  const at = folder.indexOf(DATA);
  if (at < 0) return undefined;
  const [resource = ''] = folder.slice(at + DATA.length).split(sep);
  return { root: folder.slice(0, at), resource };
}
