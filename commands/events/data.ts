import { resolve } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { EXIT, messageOf, QbtcError } from '../../src/errors.ts';
import { parseJson } from '../../src/json.ts';
import { decodeText, readTextFile } from '../../src/text-file.ts';

/**
 * JSON as it is given to an option: itself, `@FILE`, or `-` for standard input.
 * @throws QbtcError `BAD_DATA`
 */
export async function readData(cwd: string, given: string): Promise<unknown> {
  const from = given === '-' ? 'standard input' : given.startsWith('@') ? given.slice(1) : '--data';
  const wrong = (what: string, error: unknown) =>
    new QbtcError('BAD_DATA', `${from} ${what}: ${messageOf(error)}`, {
      exit: EXIT.usage,
      hint: '--data takes JSON, @FILE, or - for standard input',
      cause: error,
    });
  let json = given;
  try {
    if (given === '-') json = decodeText(await buffer(process.stdin), from);
    else if (given.startsWith('@')) json = await readTextFile(resolve(cwd, given.slice(1)));
  } catch (error) {
    throw wrong('cannot be read', error);
  }
  try {
    return parseJson(json);
  } catch (error) {
    throw wrong('is no JSON', error);
  }
}
