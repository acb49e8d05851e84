import { isDeepStrictEqual } from 'node:util';
import { isRecord } from '../../record.ts';

/** Stands for a key that is not there, which is something else than `undefined` or `null`. */
const ABSENT = Symbol('absent');

/** A value in which both changes are, and the keys of which one had to give way to what people have made of them. */
export interface MergedValue {
  value: unknown;
  conflicts: string[][];
}

/** Brings two changes of a JSON value together key by key. Lists are values: both changed, people's stays. */
export function mergeJson(base: unknown, mine: unknown, theirs: unknown): MergedValue {
  const conflicts: string[][] = [];
  const value = merge(base, mine, theirs, [], conflicts);
  return { value: value === ABSENT ? undefined : value, conflicts };
}

function merge(
  base: unknown,
  mine: unknown,
  theirs: unknown,
  path: readonly string[],
  conflicts: string[][],
): unknown {
  if (isDeepStrictEqual(mine, theirs) || isDeepStrictEqual(base, theirs)) return mine;
  if (isDeepStrictEqual(base, mine)) return theirs;
  if (isRecord(mine) && isRecord(theirs)) {
    const before = isRecord(base) ? base : {};
    const merged = keysOf(mine, theirs).flatMap((key): [string, unknown][] => {
      const value = merge(at(before, key), at(mine, key), at(theirs, key), [...path, key], conflicts);
      return value === ABSENT ? [] : [[key, value]];
    });
    return Object.fromEntries(merged);
  }
  conflicts.push([...path]);
  return mine;
}

function at(value: Record<string, unknown>, key: string): unknown {
  return Object.hasOwn(value, key) ? value[key] : ABSENT;
}

/** Those of `mine` as they come; new ones at their place where all were in order, as npm keeps them, or else at the end. */
function keysOf(mine: Record<string, unknown>, theirs: Record<string, unknown>): string[] {
  const own = Object.keys(mine);
  const all = [...own, ...Object.keys(theirs).filter((key) => !Object.hasOwn(mine, key))];
  return isDeepStrictEqual(own, inOrder(own)) ? inOrder(all) : all;
}

function inOrder(keys: readonly string[]): string[] {
  return [...keys].sort((a, b) => a.localeCompare(b, 'en'));
}
