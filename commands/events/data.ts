import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { EXIT, messageOf, QbtcError } from '../../src/errors.ts';

/**
 * JSON as it is given to an option: itself, `@FILE`, or `-` for standard input.
 * @throws QbtcError `BAD_DATA`
 */
export async function readData(cwd: string, given: string): Promise<unknown> {
  const from = given === '-' ? 'standard input' : given.startsWith('@') ? given.slice(1) : '--data';
  try {
    if (given === '-') return JSON.parse(await text(process.stdin));
    if (given.startsWith('@')) return JSON.parse(await readFile(resolve(cwd, given.slice(1)), 'utf8'));
    return JSON.parse(given);
  } catch (error) {
    throw new QbtcError('BAD_DATA', `${from} is no JSON: ${messageOf(error)}`, {
      exit: EXIT.usage,
      hint: '--data takes JSON, @FILE, or - for standard input',
      cause: error,
    });
  }
}
