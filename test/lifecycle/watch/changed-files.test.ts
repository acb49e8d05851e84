import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { ChangedFiles } from '../../../src/lifecycle/watch/changed-files.ts';
import { temporaryFolder } from '../../support/quiet-context.ts';

const end = new AbortController().signal;

async function watched(): Promise<{ root: string; changed: ChangedFiles }> {
  const root = await temporaryFolder();
  await mkdir(join(root, 'code'));
  await writeFile(join(root, 'code', 'main.ts'), '');
  const changed = new ChangedFiles();
  onTestFinished(() => changed.close());
  await changed.follow([root]);
  return { root, changed };
}

/** Everything until this file is among it: what the system tells late comes in the next look. */
async function untilTold(changed: ChangedFiles, file: string): Promise<Set<string>> {
  const told = new Set<string>();
  while (!told.has(file)) for (const each of await changed.next(end)) told.add(each);
  return told;
}

test('tells what stands in a folder that is moved there with all that is in it', async () => {
  const { root, changed } = await watched();
  const elsewhere = await temporaryFolder();
  await mkdir(join(elsewhere, 'new', 'deep', 'node_modules'), { recursive: true });
  for (const file of ['service.yaml', 'deep/.env', 'deep/.hidden', 'deep/node_modules/index.js'])
    await writeFile(join(elsewhere, 'new', file), '');
  await rename(join(elsewhere, 'new'), join(root, 'new'));
  const told = await untilTold(changed, join(root, 'new', 'deep', '.env'));
  expect([...told].sort()).toEqual([
    join(root, 'new'),
    join(root, 'new', 'deep', '.env'),
    join(root, 'new', 'service.yaml'),
  ]);
});

test('goes on with a folder that was removed and made anew before anybody looked', async () => {
  const { root, changed } = await watched();
  await rm(join(root, 'code'), { recursive: true });
  await mkdir(join(root, 'code'));
  await writeFile(join(root, 'code', 'main.ts'), 'anew');
  await untilTold(changed, join(root, 'code'));
  await writeFile(join(root, 'code', 'other.ts'), '');
  expect(await untilTold(changed, join(root, 'code', 'other.ts'))).toContain(join(root, 'code', 'other.ts'));
});

test('takes nothing for changed in folders that are followed from now on', async () => {
  const { root, changed } = await watched();
  const beside = await temporaryFolder();
  await writeFile(join(beside, 'old.ts'), '');
  await changed.follow([root, beside]);
  await writeFile(join(beside, 'new.ts'), '');
  expect([...(await untilTold(changed, join(beside, 'new.ts')))]).toEqual([join(beside, 'new.ts')]);
});

test('ends the waiting with nothing', async () => {
  const { changed } = await watched();
  const stop = new AbortController();
  const next = changed.next(stop.signal);
  stop.abort();
  expect(await next).toEqual([]);
});
