import { appendFile, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  compare,
  findRecord,
  gradeOf,
  readHistory,
  recordOf,
  score,
  writeRecord,
} from '../../src/score/index.ts';
import { temporaryFolder } from '../support/quiet-context.ts';
import { resource, snapshot, stack } from './world.ts';

const well = (takenAt: string) => score(snapshot({ takenAt }), stack());
const unwell = (takenAt: string) =>
  score(snapshot({ takenAt, resources: [resource('broker'), resource('cache', 'crashed')] }), stack());

test('scores are kept in order, and a line cut short by a crash is passed over', async () => {
  const root = await temporaryFolder();
  expect(await readHistory(root)).toEqual([]);
  await writeRecord(root, recordOf(well('2030-01-01T00:00:00.000Z'), 'abcdef0123'));
  await mkdir(join(root, '.qbtc'), { recursive: true });
  await appendFile(join(root, '.qbtc', 'scores.jsonl'), '{"takenAt":"2030-01-0\n');
  await writeRecord(root, recordOf(unwell('2030-01-02T00:00:00.000Z'), undefined));
  const history = await readHistory(root);
  expect(history.map(({ total, commit }) => [total, commit])).toEqual([
    [100, 'abcdef0123'],
    [85, undefined],
  ]);
});

test('the history does not grow for ever', async () => {
  const root = await temporaryFolder();
  await mkdir(join(root, '.qbtc'));
  const line = JSON.stringify(recordOf(well('2030-01-01T00:00:00.000Z'), undefined));
  await appendFile(join(root, '.qbtc', 'scores.jsonl'), `${line}\n`.repeat(1_000));
  await writeRecord(root, recordOf(unwell('2030-01-02T00:00:00.000Z'), undefined));
  expect((await readFile(join(root, '.qbtc', 'scores.jsonl'), 'utf8')).split('\n')).toHaveLength(1_001);
  expect((await readHistory(root)).at(-1)?.total).toBe(85);
});

test('a score is named by last, a day, a time, or a commit', () => {
  const history = [
    recordOf(well('2030-01-01T08:00:00.000Z'), 'aaaa1111'),
    recordOf(unwell('2030-01-01T20:00:00.000Z'), 'bbbb2222'),
    recordOf(well('2030-01-03T08:00:00.000Z'), undefined),
  ];
  const found = (word: string) => findRecord(history, word)?.takenAt.slice(8, 13);
  expect(found('last')).toBe('03T08');
  expect(found('2030-01-01')).toBe('01T20');
  expect(found('2030-01-01T12:00:00Z')).toBe('01T08');
  expect(found('bbbb')).toBe('01T20');
  expect(found('aaaa1111')).toBe('01T08');
  expect(found('2029-12-31')).toBeUndefined();
  expect(found('nonsense')).toBeUndefined();
  expect(found('')).toBeUndefined();
});

test('a comparison names what was lost and what was won back', () => {
  const before = recordOf(well('2030-01-01T00:00:00.000Z'), 'aaaa1111');
  const worse = compare(unwell('2030-01-02T00:00:00.000Z'), before);
  expect(worse).toMatchObject({
    difference: -15,
    components: { infrastructure: -15, routes: 0 },
    newlyLost: [{ code: 'INFRA_RESOURCE_ACTIVE', subject: 'cache', max: 15 }],
    wonBack: [],
    against: { commit: 'aaaa1111', total: 100 },
  });
  const after = recordOf(unwell('2030-01-02T00:00:00.000Z'), undefined);
  expect(compare(well('2030-01-03T00:00:00.000Z'), after)).toMatchObject({
    difference: 15,
    newlyLost: [],
    wonBack: [{ subject: 'cache' }],
  });
});

test('grades', () => {
  expect([100, 90, 89.99, 80, 70, 60, 59.99, 0].map(gradeOf)).toEqual([
    'A',
    'A',
    'B',
    'B',
    'C',
    'D',
    'F',
    'F',
  ]);
});
