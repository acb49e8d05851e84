import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { editStack, newStack } from '../support/new-stack.ts';
import { qbtc } from '../support/qbtc.ts';

let root: string;
let takeDown: () => Promise<void>;
beforeAll(async () => {
  [root, takeDown] = await newStack('damaged');
});
afterAll(() => takeDown());

/** Changes a bit of what the broker has written down. */
async function damaged() {
  const folder = join(root, '.qbtc', 'data', 'broker');
  const journal = (await readdir(folder)).find((name) => name.startsWith('journal-')) ?? '';
  const bytes = await readFile(join(folder, journal));
  bytes[40] = (bytes[40] ?? 0) ^ 1;
  await writeFile(join(folder, journal), bytes);
  return { folder, journal, bytes };
}

test('`up` names what the broker has lost and the command to go on without it, which counts once', async () => {
  expect((await qbtc(['up', 'broker', '--no-apply'], root)).code).toBe(0);
  expect((await qbtc(['topology', 'apply'], root)).code).toBe(0);
  expect((await qbtc(['down'], root)).code).toBe(0);
  const { folder, journal, bytes } = await damaged();

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

test('what the broker went on without is told also when something else ends the run', async () => {
  expect((await qbtc(['up', 'broker', '--no-apply'], root)).code).toBe(0);
  expect((await qbtc(['topology', 'apply'], root)).code).toBe(0);
  expect((await qbtc(['down'], root)).code).toBe(0);
  const { folder } = await damaged();
  await editStack(root, (file) =>
    file.setIn(['services', 'fails'], {
      path: '.',
      port: 8999,
      command: ['sh', '-c', 'exit 3'],
      depends_on: ['broker'],
    }),
  );
  const failed = await qbtc(['up', 'broker', 'fails', '--no-apply', '--accept-loss'], root);
  expect(failed.code).toBe(1);
  expect(failed.stderr).toContain('fails ended before it was ready: exited with code 3');
  expect(failed.stderr).toContain('broker went on without what was damaged');
  expect(failed.stderr).toContain(join('broker', 'damaged-2'));
  expect(await readdir(folder)).not.toContain('accept-loss');
});
