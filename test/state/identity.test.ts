import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ensureIdentity } from '../../src/state/index.ts';
import { temporaryFolder } from '../support/quiet-context.ts';

test.each([
  '',
  'null',
  '[]',
  '{"id": 1}',
  '{"id": "a", "pl',
])('an identity that holds %j is damaged: no other one takes its place without a word of the user', async (text) => {
  const root = await temporaryFolder();
  const file = join(root, '.qbtc', 'stack.json');
  await mkdir(join(root, '.qbtc'));
  await writeFile(file, text);
  await expect(ensureIdentity(root)).rejects.toMatchObject({
    code: 'IDENTITY_UNREADABLE',
    message: expect.stringContaining(file),
  });
  expect(await readFile(file, 'utf8')).toBe(text);
  await rm(file);
  expect(await ensureIdentity(root)).toMatchObject({ root });
});
