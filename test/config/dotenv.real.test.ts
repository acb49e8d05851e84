import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatEnv } from '../../src/config/dotenv.ts';
import { composeProgram } from '../support/docker/compose.ts';
import { temporaryFolder } from '../support/quiet-context.ts';
import { DOTENV_TABLE } from './dotenv-table.ts';

const program = await composeProgram();

/** What compose itself makes of these files, by their names. */
async function readByCompose(files: Record<string, string>): Promise<Record<string, Record<string, string>>> {
  const folder = await temporaryFolder('qbtc-dotenv-');
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  const services = Object.fromEntries(
    Object.keys(files).map((name) => [name, { image: 'none', env_file: [name] }]),
  );
  await writeFile(join(folder, 'compose.yaml'), JSON.stringify({ services }));
  const { stdout } = await promisify(execFile)(
    program ?? '',
    ['-f', 'compose.yaml', 'config', '--format', 'json'],
    {
      cwd: folder,
      env: { PATH: process.env.PATH, HOME: folder, ME: 'YES' },
      maxBuffer: 64 * 1024 * 1024,
    },
  );
  const read = JSON.parse(stdout) as { services: Record<string, { environment?: Record<string, string> }> };
  return Object.fromEntries(
    Object.entries(read.services).map(([name, { environment }]) => [
      name,
      // `config` writes a dollar so that compose would read it as one.
      Object.fromEntries(
        Object.entries(environment ?? {}).map(([key, value]) => [key, value.replaceAll('$$', '$')]),
      ),
    ]),
  );
}

describe.skipIf(program === undefined)('compose itself', () => {
  test('reads each line as the table says', async () => {
    const files = Object.fromEntries(DOTENV_TABLE.map(([text], index) => [`f${index}`, text]));
    const read = await readByCompose(files);
    for (const [index, [text, values]] of DOTENV_TABLE.entries())
      expect({ text, values: read[`f${index}`] }).toEqual({ text, values });
  });

  test('reads what we write as it was', async () => {
    const hard = fc.string({
      unit: fc.constantFrom(
        '\\',
        '"',
        "'",
        '$',
        '{',
        '}',
        '#',
        ' ',
        '=',
        ':',
        '\n',
        '\r',
        '\t',
        'n',
        '0',
        '1',
        'ü',
      ),
    });
    const values = Object.fromEntries(
      fc
        .sample(fc.oneof(hard, fc.string()), 500)
        .map((value, index) => [`V${index}`, value.replaceAll('\0', '')]),
    );
    expect((await readByCompose({ all: formatEnv(values) })).all).toEqual(values);
  });
});
