import fc from 'fast-check';
import { expect, test } from 'vitest';
import { keysMeet, matchesKey } from '../../src/topology/match.ts';

const words = (...more: string[]) =>
  fc.array(fc.constantFrom('a', 'b', ...more), { minLength: 1, maxLength: 4 }).map((all) => all.join('.'));
const keys = words();
const patterns = words('*', '#');

test('a pattern meets a routing key where it takes it, from either side', () => {
  fc.assert(
    fc.property(patterns, keys, (pattern, key) => {
      expect(keysMeet(pattern, key)).toBe(matchesKey(pattern, key));
      expect(keysMeet(key, pattern)).toBe(matchesKey(pattern, key));
    }),
  );
});

test('two patterns meet where a routing key is taken by both', () => {
  fc.assert(
    fc.property(patterns, patterns, fc.array(keys, { maxLength: 50 }), (one, other, tried) => {
      const both = tried.some((key) => matchesKey(one, key) && matchesKey(other, key));
      if (both) expect(keysMeet(one, other)).toBe(true);
      expect(keysMeet(one, other)).toBe(keysMeet(other, one));
    }),
  );
});

test.each<[string, string, boolean]>([
  ['a.*', 'a.#', true],
  ['a.*', 'a', false],
  ['#', '*.*', true],
  ['#.b', 'a.#', true],
  ['a.*.c', '*.b.*', true],
  ['a.*.c', '*.b.d', false],
  ['#.a', '#.b', false],
])('%s and %s: %s', (one, other, meet) => {
  expect(keysMeet(one, other)).toBe(meet);
});

/** As the specification says it, way by way. */
function takes([first, ...rest]: string[], key: string[]): boolean {
  if (first === undefined) return key.length === 0;
  if (first === '#') return takes(rest, key) || (key.length > 0 && takes([first, ...rest], key.slice(1)));
  return key.length > 0 && (first === '*' || first === key[0]) && takes(rest, key.slice(1));
}

test('a binding key takes what the specification says, also of routing keys with * and # in them', () => {
  fc.assert(
    fc.property(patterns, patterns, (pattern, key) => {
      expect(matchesKey(pattern, key)).toBe(takes(pattern.split('.'), key.split('.')));
    }),
  );
});

test('many # are no more work than their number', () => {
  const many = `${'#.'.repeat(60)}a`;
  expect(matchesKey(many, `${'b.'.repeat(120)}c`)).toBe(false);
  expect(keysMeet(many, `${'#.'.repeat(60)}b`)).toBe(false);
  expect(keysMeet(many, `${'#.'.repeat(60)}*`)).toBe(true);
});
