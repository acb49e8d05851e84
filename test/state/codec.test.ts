import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decode, encode } from '../../src/state/codec.ts';
import { anyCharacter } from '../support/any-text.ts';

const name = fc.oneof(
  fc.string({ unit: anyCharacter }),
  fc.constantFrom('_private', '', '4sha256', 'dsha256', '__proto__', '-x', 'items', '7'),
);
const json = fc.jsonValue({ maxDepth: 2 }).map((value): unknown => JSON.parse(JSON.stringify(value)));

test('what was written is read back, whatever its names are', () => {
  const entries = fc.array(fc.tuple(name, json), { maxLength: 5 });
  const fields = entries.map((pairs): unknown => JSON.parse(JSON.stringify(Object.fromEntries(pairs))));
  const lists = fc.array(json, { maxLength: 4 });
  fc.assert(
    fc.property(fc.oneof(fields, lists), (value) => {
      const alone = !Array.isArray(value) && Object.keys(value as object).join() === 'items';
      fc.pre(!alone);
      expect(decode(encode(value))).toEqual(value);
    }),
  );
});

test.each([
  [{ $sha256: 'x' }],
  [{ items: [1] }],
])('%j is not written: it would be read as something else', (value) => {
  expect(() => encode(value)).toThrow(TypeError);
});

test('every bit of the name of the digest is missed when it is another one', () => {
  const text = Buffer.from(encode({ key: 'value' }));
  const begin = text.indexOf('$sha256');
  for (let bit = 0; bit < '$sha256'.length * 8; bit += 1) {
    const damaged = Buffer.from(text);
    const place = begin + (bit >> 3);
    damaged[place] = (damaged[place] ?? 0) ^ (1 << (bit & 7));
    expect(() => decode(damaged.toString()), damaged.subarray(begin, begin + 7).toString()).toThrow();
  }
});
