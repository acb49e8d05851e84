import { spawnSync } from 'node:child_process';
import { mkdir, readdir, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { preparePlace } from '../../src/scaffold/place.ts';
import { temporaryFolder, writeTree } from './sample.ts';

const RANDOM = '0123456789ab';
const { pid: gone } = spawnSync(process.execPath, ['--version']);
const killed = `.qbtc-new-${gone}-${RANDOM}`;
const running = `.qbtc-new-${process.pid}-${RANDOM}`;

test('what a killed run left beside the target is removed, and nothing else', async () => {
  const folder = await temporaryFolder();
  const notOurs = ['.qbtc-new-notes', `.qbtc-new-${gone}`, `${killed}.bak`];
  for (const name of [killed, running, ...notOurs]) await mkdir(join(folder, name));
  await writeTree(folder, { [`${killed}/services/a.js`]: '', [`.qbtc-new-${gone}-ffffffffffff`]: 'a file' });

  const place = await preparePlace(join(folder, 'acme'));
  await place.undo();
  expect((await readdir(folder)).sort()).toEqual(
    [running, `.qbtc-new-${gone}-ffffffffffff`, ...notOurs].sort(),
  );
});

test('a folder that holds only such a rest counts as empty', async () => {
  const folder = await temporaryFolder();
  await mkdir(join(folder, killed));
  const place = await preparePlace(folder);
  await place.undo();
  expect(await readdir(folder)).toEqual([]);
});

test('after a day the pid says nothing any more', async () => {
  const folder = await temporaryFolder();
  await mkdir(join(folder, running));
  const before = new Date(Date.now() - 25 * 60 * 60_000);
  await utimes(join(folder, running), before, before);
  await (await preparePlace(join(folder, 'acme'))).undo();
  expect(await readdir(folder)).toEqual([]);
});
