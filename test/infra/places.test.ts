import { mkdir, rename, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';
import { foreignPlaces, placeOutside, removeVolumes } from '../../src/infra/places.ts';
import { temporaryFolder } from '../support/quiet-context.ts';

async function stackBeside(stateFolder: string, name: string) {
  const root = join(stateFolder, '..', name);
  await mkdir(join(root, '.qbtc', 'data'), { recursive: true });
  return root;
}
async function setUp() {
  const base = await temporaryFolder();
  const stateFolder = join(base, 'state');
  return { base, stateFolder, root: await stackBeside(stateFolder, 'a') };
}
const ledger = (root: string, value: unknown) =>
  writeFile(join(root, '.qbtc', 'places.json'), JSON.stringify(value));

test('a place is found again, and removed with the data of the stack', async () => {
  const { stateFolder, root } = await setUp();
  const place = await placeOutside(root, 'acme', stateFolder);
  expect(basename(place)).toMatch(/^acme-[0-9a-f]{8}$/);
  expect(await placeOutside(root, 'acme', stateFolder)).toBe(place);
  expect(await placeOutside(root, 'acme-two', stateFolder)).not.toBe(place);
  expect(await removeVolumes(root, stateFolder)).toContain(place);
  await expect(stat(stateFolder)).rejects.toThrow(/ENOENT/);
});

test('a ledger that names what is not of this stack removes nothing of it, and the answer says so', async () => {
  const { base, stateFolder, root } = await setUp();
  const victim = join(base, 'victim');
  await mkdir(victim);
  const other = await stackBeside(stateFolder, 'b');
  const othersPlace = await placeOutside(other, 'acme', stateFolder);
  const unstamped = join(stateFolder, 'acme-00000000');
  await mkdir(join(unstamped, 'data'), { recursive: true });
  const named = [victim, othersPlace, unstamped, `${stateFolder}/x/../../victim`, stateFolder, '/', { a: 1 }];
  await ledger(root, named);

  expect(await foreignPlaces(root, stateFolder)).toHaveLength(named.length);
  expect(await removeVolumes(root, stateFolder)).toEqual([join(root, '.qbtc', 'data')]);
  for (const folder of [victim, othersPlace, unstamped]) await stat(folder);
});

test.each([[{ not: 'a list' }], ['text'], [null]])('a ledger that holds %j is no ledger', async (value) => {
  const { stateFolder, root } = await setUp();
  await ledger(root, value);
  expect(await removeVolumes(root, stateFolder)).toEqual([join(root, '.qbtc', 'data')]);
});

test('a stack that was moved keeps its place', async () => {
  const { base, stateFolder, root } = await setUp();
  const place = await placeOutside(root, 'acme', stateFolder);
  const moved = join(base, 'moved');
  await rename(root, moved);
  expect(await placeOutside(moved, 'acme', stateFolder)).toBe(place);
  expect(await removeVolumes(moved, stateFolder)).toContain(place);
});
