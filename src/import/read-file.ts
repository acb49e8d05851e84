import { resolve } from 'node:path';
import { readTextFile, unreadable } from '../text-file.ts';
import type { SourceText } from './source.ts';

/** @throws QbtcError `IMPORT_UNREADABLE`, `NOT_UTF8` */
export async function readSource(cwd: string, file: string): Promise<SourceText> {
  try {
    return { shown: file, text: await readTextFile(resolve(cwd, file)) };
  } catch (error) {
    throw unreadable('IMPORT_UNREADABLE', file, error);
  }
}
