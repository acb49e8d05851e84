import fc from 'fast-check';
import stringWidth from 'string-width';
import { expect, test } from 'vitest';
import { table, truncate, wrap } from '../../src/report/layout.ts';

test('no wrapped line is longer than asked for, and no letter is lost', () => {
  const character = fc.constantFrom('a', 'b', ' ', 'é', '→');
  fc.assert(
    fc.property(fc.string({ unit: character }), fc.integer({ min: 1, max: 30 }), (text, width) => {
      const lines = wrap(text, width);
      for (const line of lines) expect(stringWidth(line)).toBeLessThanOrEqual(width);
      expect(lines.join('').replaceAll(' ', '')).toBe(text.replaceAll(' ', ''));
    }),
  );
});

test('wide letters count for two columns', () => {
  expect(wrap('日本 語', 5)).toEqual(['日本', '語']);
  expect(truncate('日本語', 5)).toBe('日本…');
  expect(truncate('abc', 3)).toBe('abc');
});

test('columns are as wide as their widest cell, the last one wraps', () => {
  const rows = [
    [{ text: 'a' }, { text: '7' }, { text: 'one two three four five six' }],
    [{ text: 'bbb' }, { text: '10' }, { text: '' }],
  ];
  expect(table(rows, { indent: 2, width: 31, right: [1] })).toEqual([
    '  a     7  one two three four',
    '           five six',
    '  bbb  10',
  ]);
});
