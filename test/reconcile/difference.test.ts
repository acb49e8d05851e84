import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { difference } from '../../src/reconcile/difference.ts';

describe('difference', () => {
  it('is empty exactly where two values are the same, but for empty objects and arrays', () => {
    const value = fc.jsonValue();
    fc.assert(
      fc.property(value, (same) => {
        expect(difference(same, structuredClone(same))).toEqual([]);
      }),
    );
    fc.assert(
      fc.property(value, value, (a, b) => {
        const text = (each: unknown) => JSON.stringify(sorted(each)).replaceAll('[]', '{}');
        expect(difference(a, b).length === 0).toBe(text(a) === text(b));
      }),
    );
  });

  it('names each field by its path, with what is there and what should be', () => {
    expect(difference({ a: { b: 1, c: [1, 2] }, d: 1 }, { a: { b: 2, c: [1, 3] }, e: 1 })).toEqual([
      { path: 'a.b', from: 2, to: 1 },
      { path: 'a.c.1', from: 3, to: 2 },
      { path: 'd', to: 1 },
      { path: 'e', from: 1 },
    ]);
  });

  it('passes over what is there undeclared and explained', () => {
    const explained = (path: readonly string[], value: unknown) => path.join('.') === 'a.x' && value === 0;
    expect(difference({ a: { b: 1 } }, { a: { b: 1, x: 0 } }, explained)).toEqual([]);
    expect(difference({ a: { b: 1 } }, { a: { b: 1, x: 1 } }, explained)).toHaveLength(1);
  });
});

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, inner]) => [name, sorted(inner)]),
  );
}
