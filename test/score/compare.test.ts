import { expect, test } from 'vitest';
import type { ScoreComparison, ScoreProfile } from '../../src/model/score.ts';
import { hasFallen } from '../../src/score/compare.ts';

const against = { takenAt: '2026-11-30T12:00:00.000Z', total: 90, adjusted: 90 };

test.each<[difference: number, before: ScoreProfile | undefined, now: ScoreProfile, fallen: boolean]>([
  [-1, 'qbtc', 'qbtc', true],
  [-1, undefined, 'qbtc', true],
  [0, 'qbtc', 'qbtc', false],
  [2, 'foreign', 'foreign', false],
  [-40, 'foreign', 'qbtc', false],
  [-40, undefined, 'foreign', false],
])('%d points by %s then and %s now: fallen is %s', (difference, before, now, fallen) => {
  const comparison = {
    against: { ...against, ...(before === undefined ? {} : { profile: before }) },
    difference,
  } as ScoreComparison;
  expect(hasFallen(comparison, { profile: now })).toBe(fallen);
});
