import { extname } from 'node:path';
import type { Tree } from './tree.ts';

/** So much of two files must be the same for one to be the other under a new name, as in git. */
const ALIKE = 0.5;
/** Of less than this two files are alike by chance. */
const FEWEST_LINES = 5;

/**
 * Which files of the template stand elsewhere now: new path by old path. A file with the same content first, then the most
 * similar one with the same ending.
 *
 * @param gone old paths that the template has no more
 * @param fresh paths that it did not have
 */
export function renamesAmong(
  base: Tree,
  theirs: Tree,
  gone: readonly string[],
  fresh: readonly string[],
): Map<string, string> {
  const pairs = gone.flatMap((from) =>
    fresh.map((to) => ({ from, to, score: likeness(base, theirs, from, to) })),
  );
  const renames = new Map<string, string>();
  const taken = new Set<string>();
  for (const { from, to, score } of pairs.sort((a, b) => b.score - a.score)) {
    if (score < ALIKE || renames.has(from) || taken.has(to)) continue;
    renames.set(from, to);
    taken.add(to);
  }
  return renames;
}

function likeness(base: Tree, theirs: Tree, from: string, to: string): number {
  const [before, now] = [base.get(from), theirs.get(to)];
  if (before === undefined || now === undefined || extname(from) !== extname(to)) return 0;
  if (before.digest === now.digest) return 2;
  if (before.bytes === undefined || now.bytes === undefined) return 0;
  const [a, b] = [before.bytes, now.bytes].map((bytes) => bytes.toString('latin1').split(/\r?\n/));
  if (a === undefined || b === undefined || Math.min(a.length, b.length) < FEWEST_LINES) return 0;
  const left = new Map<string, number>();
  for (const line of a) left.set(line, (left.get(line) ?? 0) + 1);
  let common = 0;
  for (const line of b) {
    const count = left.get(line) ?? 0;
    if (count === 0) continue;
    left.set(line, count - 1);
    common += 1;
  }
  return (2 * common) / (a.length + b.length);
}
