import fc from 'fast-check';
import stringWidth from 'string-width';
import { expect, test } from 'vitest';
import { widthOf } from '../../src/report/width.ts';

test('is what the Unicode tables say, painted or not', () => {
  const character = fc.constantFrom(
    'a',
    ' ',
    '~',
    'é',
    '→',
    '日',
    '👩‍👩‍👧',
    '\u001b[31m',
    '\u001b[1;39m',
    '\t',
    '\u0301',
  );
  fc.assert(
    fc.property(fc.string({ unit: character }), (text) => {
      expect(widthOf(text)).toBe(stringWidth(text));
    }),
  );
});
