import fc from 'fast-check';
import { expect, test } from 'vitest';
import { memorySize } from '../src/memory-size.ts';

test.each([
  ['0', 0],
  ['5000', 5_000],
  ['7b', 7],
  ['1k', 1_000],
  ['1KB', 1_024],
  ['2m', 2_000_000],
  ['64mb', 64 * 1024 ** 2],
  ['1g', 1e9],
  ['1Gb', 1024 ** 3],
])('%s is %d bytes', (text, bytes) => {
  expect(memorySize(text)).toBe(bytes);
});

test.each([
  '',
  'mb',
  '-1',
  '1.5mb',
  '10tb',
  ' 1mb',
  '1 mb',
  '9007199254740993',
  '99999999999gb',
])('%j is no size', (text) => {
  expect(memorySize(text)).toBeUndefined();
});

test('any text is a whole number of bytes, or no size', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const bytes = memorySize(text);
      expect(bytes === undefined || Number.isSafeInteger(bytes)).toBe(true);
    }),
  );
});
