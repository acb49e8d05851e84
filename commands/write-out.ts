import { access } from 'node:fs/promises';
import { resolve } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { messageOf, QbtcError } from '../src/errors.ts';

/**
 * Writes what a command would print and gives the path of the file. It may hold keys or hashes: only its owner may read it.
 * @throws QbtcError FILE_EXISTS, FILE_NOT_WRITABLE
 */
export async function writeOut(cwd: string, out: string, text: string, force: boolean): Promise<string> {
  const file = resolve(cwd, out);
  const exists = await access(file).then(
    () => true,
    () => false,
  );
  if (exists && !force) {
    throw new QbtcError('FILE_EXISTS', `${out} is there already`, {
      hint: 'name another file, or add --force',
    });
  }
  try {
    await writeFileAtomic(file, text, { mode: 0o600 });
  } catch (error) {
    throw new QbtcError('FILE_NOT_WRITABLE', `${out} cannot be written: ${messageOf(error)}`, {
      cause: error,
    });
  }
  return file;
}
