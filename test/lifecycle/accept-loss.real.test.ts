import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newStack } from '../support/new-stack.ts';
import { qbtc } from '../support/qbtc.ts';

let root: string;
let takeDown: () => Promise<void>;
beforeAll(async () => {
  [root, takeDown] = await newStack('damaged');
});
afterAll(() => takeDown());

test('`up` names what the broker has lost and the command to go on without it, which counts once', async () => {
  expect((await qbtc(['up', 'broker', '--no-apply'], root)).code).toBe(0);
  expect((await qbtc(['topology', 'apply'], root)).code).toBe(0);
  expect((await qbtc(['down'], root)).code).toBe(0);
  const folder = join(root, '.qbtc', 'data', 'broker');
  const journal = (await readdir(folder)).find((name) => name.startsWith('journal-')) ?? '';
  const bytes = await readFile(join(folder, journal));
  bytes[40] = (bytes[40] ?? 0) ^ 1;
  await writeFile(join(folder, journal), bytes);

  const refused = await qbtc(['up', 'broker', '--no-apply'], root);
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain('has lost what was confirmed');
  expect(refused.stderr).toContain(`${journal}, byte 23`);
  expect(refused.stderr).toContain('qbtc up --accept-loss');
  expect(await readFile(join(folder, journal))).toEqual(bytes);

  const accepted = await qbtc(['up', 'broker', '--no-apply', '--accept-loss'], root);
  expect(accepted.code).toBe(0);
  expect(accepted.stderr).toContain('broker went on without what was damaged');
  expect(accepted.stderr).toContain(join('broker', 'damaged-1'));
  const names = await readdir(folder);
  expect(names).toContain('damaged-1');
  expect(names).not.toContain('accept-loss');
  expect((await qbtc(['down'], root)).code).toBe(0);
  expect((await qbtc(['up', 'broker', '--no-apply'], root)).code).toBe(0);
  // One that runs is not started: the word does not wait for its next start.
  expect((await qbtc(['up', 'broker', '--no-apply', '--accept-loss'], root)).code).toBe(0);
  expect(await readdir(folder)).not.toContain('accept-loss');
});
