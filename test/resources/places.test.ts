import { cp, mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';
import {
  earlierPlaces,
  foreignPlaces,
  knownPlace,
  placeOutside,
  removeVolumes,
} from '../../src/resources/places.ts';
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

test('of many that ask at once all get the same place: two databases of one stack stand in it', async () => {
  const { stateFolder, root } = await setUp();
  const places = await Promise.all(Array.from({ length: 12 }, () => placeOutside(root, 'acme', stateFolder)));
  expect(new Set(places).size).toBe(1);
  expect(await readdir(stateFolder)).toHaveLength(1);
  expect(await placeOutside(root, 'acme', stateFolder)).toBe(places[0]);
  await removeVolumes(root, stateFolder);
  await expect(stat(stateFolder)).rejects.toThrow(/ENOENT/);
});

test('a ledger that is gone is no loss: the place carries the stamp of its stack', async () => {
  const { stateFolder, root } = await setUp();
  const place = await placeOutside(root, 'acme', stateFolder);
  await rm(join(root, '.qbtc', 'places.json'));
  expect(await knownPlace(root, 'acme', stateFolder)).toBe(place);
  expect(await placeOutside(root, 'acme', stateFolder)).toBe(place);
  await rm(join(root, '.qbtc', 'places.json'));
  expect(await removeVolumes(root, stateFolder)).toContain(place);
});

test.each([
  '',
  '[',
  '{}',
  '"text"',
  'null',
  '["/var/lib',
])('a ledger that holds %j is damaged: no data begins empty for it, and what is stamped can be removed', async (text) => {
  const { stateFolder, root } = await setUp();
  const place = await placeOutside(root, 'acme', stateFolder);
  await writeFile(join(root, '.qbtc', 'places.json'), text);
  for (const ask of [placeOutside, knownPlace])
    await expect(ask(root, 'acme', stateFolder)).rejects.toMatchObject({ code: 'PLACES_UNREADABLE' });
  expect(await readdir(stateFolder)).toEqual([basename(place)]);
  expect(await removeVolumes(root, stateFolder)).toContain(place);
});

test('a stack that is made anew at the same path meets no data of the old one, which is named', async () => {
  const { stateFolder, root } = await setUp();
  const place = await placeOutside(root, 'acme', stateFolder);
  await rm(root, { recursive: true });
  await mkdir(join(root, '.qbtc'), { recursive: true });
  expect(await placeOutside(root, 'acme', stateFolder)).not.toBe(place);
  expect(await earlierPlaces(root, stateFolder)).toEqual([place]);
  expect(await foreignPlaces(root, stateFolder)).toEqual([place]);
  expect(await removeVolumes(root, stateFolder)).not.toContain(place);
});

test('a copy keeps its hands off the data of the original, and the original finds it as before', async () => {
  const { base, stateFolder, root } = await setUp();
  const place = await placeOutside(root, 'acme', stateFolder);
  const copy = join(base, 'copy');
  await cp(root, copy, { recursive: true });
  expect(await knownPlace(copy, 'acme', stateFolder)).toBeUndefined();
  expect(await removeVolumes(copy, stateFolder)).not.toContain(place);
  const own = await placeOutside(copy, 'acme', stateFolder);
  expect(own).not.toBe(place);
  expect(await placeOutside(root, 'acme', stateFolder)).toBe(place);
});

test('a copy that was made before the original moved removes nothing of it, and does not begin empty in silence', async () => {
  const { base, stateFolder, root } = await setUp();
  const place = await placeOutside(root, 'acme', stateFolder);
  const [copy, moved] = [join(base, 'copy'), join(base, 'moved')];
  await cp(root, copy, { recursive: true });
  await rename(root, moved);
  expect(await placeOutside(moved, 'acme', stateFolder)).toBe(place);
  expect(await knownPlace(copy, 'acme', stateFolder)).toBeUndefined();
  await expect(placeOutside(copy, 'acme', stateFolder)).rejects.toMatchObject({ code: 'STACK_COPIED' });
  expect(await removeVolumes(copy, stateFolder)).not.toContain(place);
  await rm(join(copy, '.qbtc', 'stack.json'));
  expect(await placeOutside(copy, 'acme', stateFolder)).not.toBe(place);
  expect(await placeOutside(moved, 'acme', stateFolder)).toBe(place);
});
