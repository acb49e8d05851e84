import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  clusterKey,
  dropReady,
  keepReady,
  readyClusters,
  takeReady,
} from '../../../src/resources/postgres/ready-clusters.ts';
import { temporaryFolder } from '../../support/quiet-context.ts';

async function kept(key = 'key') {
  const root = await temporaryFolder();
  const made = join(root, 'made');
  mkdirSync(join(made, 'base', '1'), { recursive: true });
  mkdirSync(join(made, 'pg_notify'));
  writeFileSync(join(made, 'PG_VERSION'), '18\n');
  writeFileSync(join(made, 'base', '1', '2600'), 'rows');
  const folder = readyClusters({ XDG_CACHE_HOME: join(root, 'cache') });
  keepReady(folder, key, made, undefined);
  return { root, made, folder, target: join(root, 'copy') };
}

test('a cluster that was kept is copied whole, and the copy is a cluster of its own', async () => {
  const { folder, target } = await kept();
  expect(takeReady(folder, 'key', target, undefined)).toBe(true);
  expect(readdirSync(target, { recursive: true }).sort()).toEqual([
    'PG_VERSION',
    'base',
    join('base', '1'),
    join('base', '1', '2600'),
    'pg_notify',
  ]);
  writeFileSync(join(target, 'base', '1', '2600'), 'others');
  const second = `${target}-2`;
  expect(takeReady(folder, 'key', second, undefined)).toBe(true);
  expect(readFileSync(join(second, 'base', '1', '2600'), 'utf8')).toBe('rows');
});

test('of another kind there is none', async () => {
  const { folder, target } = await kept();
  expect(takeReady(folder, 'other', target, undefined)).toBe(false);
  expect(existsSync(target)).toBe(false);
  expect(takeReady(join(folder, 'nowhere'), 'key', target, undefined)).toBe(false);
});

test.each<[string, (place: string) => void]>([
  ['a file is shorter', (place) => writeFileSync(join(place, 'data', 'PG_VERSION'), '')],
  [
    'a file has other content of its size',
    (place) => writeFileSync(join(place, 'data', 'base', '1', '2600'), '\0\0\0\0'),
  ],
  ['a file is gone', (place) => rmSync(join(place, 'data', 'base', '1', '2600'))],
  ['the list of its files is gone', (place) => rmSync(join(place, 'listing.json'))],
  ['the list is damaged', (place) => writeFileSync(join(place, 'listing.json'), '{"folders": [')],
])('where %s nothing is taken, and the next one can be kept', async (_, damage) => {
  const { folder, target, made } = await kept();
  damage(join(folder, 'key'));
  expect(takeReady(folder, 'key', target, undefined)).toBe(false);
  expect(existsSync(target)).toBe(false);
  expect(readdirSync(folder)).toEqual([]);
  keepReady(folder, 'key', made, undefined);
  expect(takeReady(folder, 'key', target, undefined)).toBe(true);
});

test('where a copy cannot be written, what is kept stays', async () => {
  const { folder, target } = await kept();
  writeFileSync(target, 'in the way');
  expect(takeReady(folder, 'key', target, undefined)).toBe(false);
  expect(takeReady(folder, 'key', target, undefined)).toBe(true);
});

test('links, and files that have another name elsewhere, are not kept', async () => {
  const { folder, root, made } = await kept();
  writeFileSync(join(root, 'of-others'), 'secret');
  symlinkSync(join(root, 'of-others'), join(made, 'link'));
  keepReady(folder, 'soft', made, undefined);
  rmSync(join(made, 'link'));
  linkSync(join(root, 'of-others'), join(made, 'link'));
  keepReady(folder, 'hard', made, undefined);
  expect(readdirSync(folder)).toEqual(['key']);
});

test.runIf(process.platform !== 'win32')(
  'what others could have written is not taken, and left alone',
  async () => {
    const { folder, target } = await kept();
    chmodSync(folder, 0o777);
    expect(takeReady(folder, 'key', target, undefined)).toBe(false);
    expect(readdirSync(folder)).toEqual(['key']);
  },
);

test('several may keep the same one: the first is there, and nothing is left of the others', async () => {
  const { folder, made, target } = await kept();
  for (let run = 0; run < 3; run += 1) keepReady(folder, 'key', made, undefined);
  expect(readdirSync(folder)).toEqual(['key']);
  expect(takeReady(folder, 'key', target, undefined)).toBe(true);
});

test('three stay, by the time of their use', async () => {
  const { folder, made, target } = await kept('1');
  for (const key of ['2', '3']) keepReady(folder, key, made, undefined);
  for (const [key, time] of [
    ['1', 1],
    ['2', 2],
    ['3', 3],
  ] as const)
    utimesSync(join(folder, key), time, time);
  expect(takeReady(folder, '1', target, undefined)).toBe(true);
  keepReady(folder, '4', made, undefined);
  expect(readdirSync(folder).sort()).toEqual(['1', '3', '4']);
  dropReady(folder, '1');
  expect(readdirSync(folder).sort()).toEqual(['3', '4']);
});

test('that nothing can be kept ends nothing', async () => {
  const { root, made } = await kept();
  writeFileSync(join(root, 'file'), '');
  keepReady(join(root, 'file', 'clusters'), 'key', made, undefined);
  keepReady(join(root, 'other'), 'key', join(root, 'no-cluster'), undefined);
  expect(readdirSync(join(root, 'other'))).toEqual([]);
});

/** What a cluster is made by, where packages put it. */
async function installed(shared: string) {
  const root = await temporaryFolder();
  const programs = join(root, 'lib', 'postgresql', '18');
  const ending = process.platform === 'win32' ? '.exe' : '';
  const files = {
    initdb: join(programs, 'bin', `initdb${ending}`),
    postgres: join(programs, 'bin', `postgres${ending}`),
    catalog: join(programs, shared, 'postgres.bki'),
  };
  for (const file of Object.values(files)) {
    mkdirSync(join(file, '..'), { recursive: true });
    writeFileSync(file, 'made in 2024');
  }
  return { programs, files };
}

test('a key tells programs, arguments and time zones apart, by their content', async () => {
  const { programs, files } = await installed('share');
  const key = clusterKey(programs, ['--locale=C'], {});
  expect(key).toMatch(/^[0-9a-f]{32}$/);
  // As root each stack has its own copy, which is a file of another time.
  for (const file of Object.values(files)) utimesSync(file, 1, 1);
  expect(clusterKey(programs, ['--locale=C'], {})).toBe(key);
  expect(clusterKey((await installed('share')).programs, ['--locale=C'], {})).toBe(key);
  expect(clusterKey(programs, ['--locale=de'], {})).not.toBe(key);
  expect(clusterKey(programs, ['--locale=C'], { TZ: 'Asia/Tokyo' })).not.toBe(key);
  for (const file of Object.values(files)) {
    const { mtime } = statSync(file);
    writeFileSync(file, 'made in 2025');
    utimesSync(file, mtime, mtime);
    expect(clusterKey(programs, ['--locale=C'], {}), file).not.toBe(key);
    writeFileSync(file, 'made in 2024');
  }
});

test.each([
  'share',
  'share/postgresql',
  'share/18',
  '../../../share/postgresql/18',
])('there is a key where the catalog stands in %s, and none without it', async (shared) => {
  const { programs, files } = await installed(shared);
  expect(clusterKey(programs, [], {})).toBeDefined();
  rmSync(files.catalog);
  expect(clusterKey(programs, [], {})).toBeUndefined();
});

test('without a program there is no key', async () => {
  const { programs, files } = await installed('share');
  rmSync(files.initdb);
  expect(clusterKey(programs, [], {})).toBeUndefined();
});
