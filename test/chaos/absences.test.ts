import { expect, test } from 'vitest';
import { Absences, type Look } from '../../src/chaos/absences.ts';

const well = (pid: number | undefined, restarts = 0): Look => ({
  name: 'broker',
  state: 'active',
  pid,
  restarts,
});

/** What a look every 500 ms makes of a part. */
function seen(looks: readonly Look[]) {
  const absences = new Absences();
  for (const [i, look] of looks.entries()) absences.take(look, i * 500);
  return absences.list;
}

test('a part is away from the look that finds it so to the one that finds it well', () => {
  expect(
    seen([well(1), { ...well(1), state: 'crashed' }, { ...well(2), state: 'starting' }, well(2)]),
  ).toEqual([{ part: 'broker', fromMs: 500, toMs: 1_500 }]);
  expect(seen([well(1), { ...well(1), state: 'stopped' }])).toEqual([{ part: 'broker', fromMs: 500 }]);
});

test('a part that is back before the next look was away between the two', () => {
  expect(seen([well(1), well(2, 1), well(2, 1)])).toEqual([{ part: 'broker', fromMs: 0, toMs: 500 }]);
  expect(seen([well(undefined), well(undefined, 1)])).toEqual([{ part: 'broker', fromMs: 0, toMs: 500 }]);
});

test('a part that stays is never away, also when its restarts are forgotten', () => {
  expect(seen([well(1, 1), well(1, 0), well(1, 0)])).toEqual([]);
  expect(seen([well(undefined, 1), well(undefined, 0)])).toEqual([]);
});
