import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { CONTRACTS_FOLDER } from '../config/files.ts';
import { messageOf, QbtcError } from '../errors.ts';
import { readTextFile } from '../text-file.ts';

export interface ContractText {
  /** Absolute, or as git names it. */
  file: string;
  text: string;
}

/**
 * The files of a folder of contracts, by name, as they are written.
 * @throws QbtcError `SCHEMAS_UNREADABLE`
 */
export async function contractTexts(folder: string): Promise<ContractText[]> {
  let names: string[];
  try {
    names = (await readdir(folder)).filter((name) => name.endsWith('.json')).sort();
  } catch (error) {
    throw new QbtcError('SCHEMAS_UNREADABLE', `${folder} cannot be read: ${messageOf(error)}`, {
      hint: `the contracts of a stack stand in ${CONTRACTS_FOLDER}/, one JSON Schema a file`,
      cause: error,
    });
  }
  return Promise.all(
    names.map(async (name) => ({
      file: join(folder, name),
      text: await readTextFile(join(folder, name)),
    })),
  );
}
