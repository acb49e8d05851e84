import { resolve } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { EXIT, messageOf, QbtcError } from '../src/errors.ts';

/**
 * Writes a file that the user has named. Nothing is half written.
 *
 * @throws QbtcError `OUT_UNWRITABLE`
 */
export async function writeUserFile(cwd: string, file: string, text: string): Promise<void> {
  try {
    await writeFileAtomic(resolve(cwd, file), text);
  } catch (error) {
    throw new QbtcError('OUT_UNWRITABLE', `${file} cannot be written: ${messageOf(error)}`, {
      exit: EXIT.usage,
      hint: 'name a file in a folder that is there',
      cause: error,
    });
  }
}
