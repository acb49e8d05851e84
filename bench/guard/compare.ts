import { type Better, type Figure, median } from './figure.ts';

/** A ratio as it was when the baseline was written. */
export interface Before {
  ratio: number;
  better: Better;
}

export interface Comparison {
  name: string;
  before: number;
  now: number;
  /** How many times as slow as before; below 1 where it is faster. */
  slowdown: number;
  verdict: 'same' | 'slower' | 'unsure' | 'faster';
}

/** How probable it may be, at most, that the true middle of the ratios is on the other side. */
const DOUBT = 0.05;

/**
 * Compares a figure with what it was. It is slower when the slowdown is beyond the bound in so many rounds that chance is no
 * explanation, and unsure when only the middle of them is.
 */
export function compare(name: string, figure: Figure, before: Before, bound: number): Comparison | undefined {
  const rounds = figure.rounds ?? (figure.ratio === undefined ? [] : [figure.ratio]);
  const known = rounds.filter((ratio) => ratio > 0 && Number.isFinite(ratio));
  if (known.length === 0) return undefined;
  const slowdowns = known
    .map((ratio) => (before.better === 'lower' ? ratio / before.ratio : before.ratio / ratio))
    .toSorted((a, b) => a - b);
  const middle = median(slowdowns);
  const [least, most] = likely(slowdowns);
  const verdict = least > bound ? 'slower' : middle > bound ? 'unsure' : most < 1 / bound ? 'faster' : 'same';
  return { name, before: before.ratio, now: median(known), slowdown: middle, verdict };
}

/**
 * Between which of the sorted values their true middle lies, whatever their distribution is: each value is above it with a
 * probability of a half (the sign test). All values count where there are few.
 */
function likely(sorted: readonly number[]): [least: number, most: number] {
  const count = sorted.length;
  let left = 0;
  // The probability that at most so many of them are on one side.
  let term = 0.5 ** count;
  let probability = term;
  while (probability <= DOUBT && left < count) {
    left += 1;
    term = (term * (count - left + 1)) / left;
    probability += term;
  }
  const index = Math.max(0, left - 1);
  return [sorted[index] ?? Number.NaN, sorted[count - 1 - index] ?? Number.NaN];
}

/** The figures of a run with more of the same rounds behind them. */
export function pooled(one: readonly Figure[], more: readonly Figure[]): Figure[] {
  return one.map((figure) => {
    const other = more.find(({ name }) => name === figure.name);
    if (figure.rounds === undefined || other?.rounds === undefined) return figure;
    const rounds = [...figure.rounds, ...other.rounds];
    return { ...figure, rounds, ratio: median(rounds) };
  });
}
