import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { inject, readJournal, undo } from '../../src/chaos/index.ts';
import { note, strike } from '../../src/chaos/journal.ts';
import { hold, letGo, readHolds, refuseHeld } from '../../src/state/index.ts';
import { chained } from '../heal/world.ts';
import { quietContext, temporaryFolder } from '../support/quiet-context.ts';

const fault = (name: string) => ({
  name,
  kind: 'down' as const,
  subject: name.replace('-down', ''),
  options: {},
  at: '2030-01-01T00:00:00.000Z',
  memory: {},
});

test('the journal keeps the order, and is gone when it is empty', async () => {
  const root = await temporaryFolder();
  await note(root, fault('broker-down'));
  await note(root, fault('cache-down'));
  await note(root, { ...fault('broker-down'), memory: { more: 1 } });
  expect((await readJournal(root)).map(({ name }) => name)).toEqual(['cache-down', 'broker-down']);
  await strike(root, 'cache-down');
  await strike(root, 'broker-down');
  expect(await readdir(join(root, '.qbtc'))).toEqual([]);
});

test('a journal that cannot be read is said to be so: without it nothing can be undone', async () => {
  const root = await temporaryFolder();
  await note(root, fault('broker-down'));
  await writeFile(join(root, '.qbtc', 'chaos.json'), '[{');
  await expect(readJournal(root)).rejects.toMatchObject({ code: 'CHAOS_UNREADABLE' });
});

test('what is held is refused until it is let go', async () => {
  const root = await temporaryFolder();
  await hold(root, 'broker', 'broker-down');
  await hold(root, 'broker', 'broker-down');
  await hold(root, 'cache', 'cache-pause');
  expect(await readHolds(root)).toHaveLength(2);
  await expect(refuseHeld(root, ['database', 'broker'])).rejects.toMatchObject({
    code: 'HELD',
    hint: 'qbtc chaos undo',
  });
  await letGo(root, 'broker-down');
  await expect(refuseHeld(root, ['database', 'broker'])).resolves.toBeUndefined();
});

test('a stack that does not allow chaos is not touched', async () => {
  const root = await temporaryFolder();
  await expect(inject(quietContext(), { ...chained(), root }, fault('broker-down'))).rejects.toMatchObject({
    code: 'CHAOS_NOT_ALLOWED',
    exit: 64,
  });
  expect(await readdir(root)).toEqual([]);
});

test('only what is injected can be undone', async () => {
  const root = await temporaryFolder();
  await note(root, fault('broker-down'));
  await expect(undo(quietContext(), { ...chained(), root }, ['cache-down'])).rejects.toMatchObject({
    code: 'FAULT_NOT_INJECTED',
    hint: 'injected: broker-down',
  });
});
