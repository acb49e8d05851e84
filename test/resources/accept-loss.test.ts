import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { acceptLoss } from '../../src/resources/accept-loss.ts';
import { stackFolders } from '../../src/state/index.ts';
import { temporaryFolder } from '../support/quiet-context.ts';

test('what is set aside is told, with its place; the word goes to embedded parts alone and is taken back', async () => {
  const root = await temporaryFolder();
  const { data } = stackFolders(root);
  for (const name of ['broker', 'cache', 'database']) await mkdir(join(data, name), { recursive: true });
  await mkdir(join(data, 'broker', 'damaged-1'));
  const choice = { reason: '', loss: '' };
  const accepted = await acceptLoss(root, {
    choices: [
      { resource: 'broker', provider: 'embedded', ...choice },
      { resource: 'cache', provider: 'embedded', ...choice },
      { resource: 'database', provider: 'native', ...choice },
    ],
  });
  expect(await readdir(join(data, 'broker'))).toContain('accept-loss');
  expect(await readdir(join(data, 'database'))).toEqual([]);
  await mkdir(join(data, 'broker', 'damaged-2'));
  expect(await accepted.setAside()).toEqual([
    { resource: 'broker', folder: join(data, 'broker', 'damaged-2') },
  ]);
  await accepted.refuse();
  expect(await readdir(join(data, 'cache'))).toEqual([]);
});

const embedded = (...resources: string[]) => ({
  choices: resources.map((resource) => ({ resource, provider: 'embedded' as const, reason: '', loss: '' })),
});

test('where one part cannot be told, none is: its word would wait for another start', async () => {
  const root = await temporaryFolder();
  const { data } = stackFolders(root);
  await mkdir(join(data, 'broker'), { recursive: true });
  await mkdir(join(data, 'gateway', 'accept-loss'), { recursive: true });
  await expect(acceptLoss(root, embedded('broker', 'gateway'))).rejects.toThrow('EISDIR');
  expect(await readdir(join(data, 'broker'))).toEqual([]);
});

test('a part whose data is gone by now hides neither what others went on without, nor their word', async () => {
  const root = await temporaryFolder();
  const { data } = stackFolders(root);
  for (const name of ['broker', 'cache', 'gateway']) await mkdir(join(data, name), { recursive: true });
  const accepted = await acceptLoss(root, embedded('cache', 'broker', 'gateway'));
  await rm(join(data, 'cache'), { recursive: true });
  await mkdir(join(data, 'broker', 'damaged-1'));
  expect(await accepted.setAside()).toEqual([
    { resource: 'broker', folder: join(data, 'broker', 'damaged-1') },
  ]);
  await writeFile(join(data, 'cache'), 'no folder');
  await expect(accepted.setAside()).rejects.toThrow('ENOTDIR');
  await accepted.refuse().catch(() => {});
  expect(await readdir(join(data, 'gateway'))).toEqual([]);
});
