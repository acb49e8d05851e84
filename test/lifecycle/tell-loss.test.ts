import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { tellLoss } from '../../src/lifecycle/tell-loss.ts';
import { acceptLoss } from '../../src/resources/index.ts';
import { stackFolders } from '../../src/state/index.ts';
import { quietContext, temporaryFolder } from '../support/quiet-context.ts';

async function accepted() {
  const root = await temporaryFolder();
  const folder = join(stackFolders(root).data, 'broker');
  await mkdir(folder, { recursive: true });
  const choices = [{ resource: 'broker', provider: 'embedded' as const, reason: '', loss: '' }];
  return { folder, loss: await acceptLoss(root, { choices }) };
}

test('what went on without what was damaged is told, and the word is taken back', async () => {
  const { io, said } = quietContext();
  const { folder, loss } = await accepted();
  await mkdir(join(folder, 'damaged-3'));
  await tellLoss(io, loss);
  expect(said).toEqual([
    `broker went on without what was damaged, which stands in ${join(folder, 'damaged-3')}`,
  ]);
  expect(await readdir(folder)).toEqual(['damaged-3']);
});

test('where nothing was damaged nothing is said', async () => {
  const { io, said } = quietContext();
  const { folder, loss } = await accepted();
  await tellLoss(io, loss);
  expect(said).toEqual([]);
  expect(await readdir(folder)).toEqual([]);
});

test('what cannot be read is said and thrown at nobody: the error of the run is the news', async () => {
  const { io, said } = quietContext();
  const { folder, loss } = await accepted();
  await rm(folder, { recursive: true });
  await writeFile(folder, 'no folder');
  await tellLoss(io, loss);
  expect(said[0]).toMatch(/whether something went on without what was damaged is not known: .*ENOTDIR/);
});
