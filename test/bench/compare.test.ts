import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compare, pooled } from '../../bench/guard/compare.ts';
import { type Figure, figureOf, median } from '../../bench/guard/figure.ts';

const BOUND = 1.15;
const better = fc.constantFrom('lower' as const, 'higher' as const);
const before = fc.record({ ratio: fc.double({ min: 0.01, max: 100, noNaN: true }), better });
const figure = (rounds: readonly number[]): Figure => ({
  ...{ name: 'f', value: 1, unit: 's', better: 'lower' },
  ...{ rounds, ratio: median(rounds) },
});
/** Rounds that are so many times as slow as before. */
const slowedBy = (slowdowns: readonly number[], { ratio, better: how }: { ratio: number; better: string }) =>
  figure(slowdowns.map((slowdown) => (how === 'lower' ? ratio * slowdown : ratio / slowdown)));
const verdictOf = (slowdowns: readonly number[], base: { ratio: number; better: 'lower' | 'higher' }) =>
  compare('f', slowedBy(slowdowns, base), base, BOUND)?.verdict;
const slowdowns = (min: number, max: number) =>
  fc.array(fc.double({ min, max, noNaN: true }), { minLength: 1, maxLength: 60 });

describe('a figure beside what it was', () => {
  test('is never slower within the bound, however many rounds there are', () => {
    fc.assert(
      fc.property(slowdowns(0.01, 1.1499), before, (all, base) => {
        expect(['same', 'faster']).toContain(verdictOf(all, base));
      }),
    );
  });

  test('is always slower when all rounds are beyond it', () => {
    fc.assert(
      fc.property(slowdowns(1.1501, 50), before, (all, base) => {
        expect(verdictOf(all, base)).toBe('slower');
      }),
    );
  });

  test('is not called slower for what a few of its rounds are', () => {
    fc.assert(
      fc.property(slowdowns(0.5, 1.1), slowdowns(1.2, 50), before, (usual, odd, base) => {
        fc.pre(odd.length <= usual.length);
        expect(verdictOf([...usual, ...odd], base)).not.toBe('slower');
      }),
    );
  });

  test('is called unsure, and no more, when the middle alone is beyond it', () => {
    const base = { ratio: 2, better: 'lower' } as const;
    expect(verdictOf([1, 1.3, 1.3], base)).toBe('unsure');
    expect(verdictOf([1, 1, 1.3, 1.3, 1.3, 1.3, 1.3], base)).toBe('unsure');
    expect(verdictOf([1, ...Array.from({ length: 9 }, () => 1.3)], base)).toBe('slower');
  });

  test('is faster only when it surely is', () => {
    const base = { ratio: 2, better: 'higher' } as const;
    expect(verdictOf([0.5, 0.5, 0.5], base)).toBe('faster');
    expect(verdictOf([0.5, 0.5, 1], base)).toBe('same');
    expect(verdictOf([0.9, 0.9, 0.9], base)).toBe('same');
  });

  test('says by how much, whichever way is better', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.1, max: 10, noNaN: true }), before, (slowdown, base) => {
        const told = compare('f', slowedBy([slowdown], base), base, BOUND);
        expect(told?.slowdown).toBeCloseTo(slowdown, 6);
        expect(told?.before).toBe(base.ratio);
      }),
    );
  });

  test('is not compared without a ratio that is a number', () => {
    const base = { ratio: 1, better: 'lower' } as const;
    expect(compare('f', { name: 'f', value: 1, unit: 's', better: 'lower' }, base, BOUND)).toBeUndefined();
    expect(compare('f', figure([Number.NaN, Number.POSITIVE_INFINITY, 0]), base, BOUND)).toBeUndefined();
  });

  test('becomes sure by more rounds', () => {
    const base = { ratio: 1, better: 'lower' } as const;
    const first = figure([1, 1.3, 1.3]);
    expect(compare('f', first, base, BOUND)?.verdict).toBe('unsure');
    const [more] = pooled([first], [figure(Array.from({ length: 7 }, () => 1.3))]);
    expect(compare('f', more ?? first, base, BOUND)?.verdict).toBe('slower');
    expect(pooled([first], [])).toEqual([first]);
  });
});

test('a figure of rounds has the median of their ratios, not the ratio of the medians', () => {
  const made = figureOf({
    ...{ name: 'f', unit: 's', better: 'lower', values: [1, 20, 3] },
    peer: { name: 'peer', values: [1, 10, 1] },
  });
  expect(made).toMatchObject({ value: 3, peer: { name: 'peer', value: 1 }, ratio: 2, rounds: [1, 2, 3] });
});
