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

test('is counted where each character takes a column, as the tables say of every single one', () => {
  for (const [from, to] of [
    [0, 0x2ff],
    [0x2000, 0x27ff],
  ] as const)
    for (let code = from; code <= to; code += 1) {
      const character = String.fromCharCode(code);
      for (const text of [character, `✔${character}${character}b`])
        expect(widthOf(text), `U+${code.toString(16)}`).toBe(stringWidth(text));
    }
});
