import fc from 'fast-check';
import { expect, test } from 'vitest';
import { literalPattern } from '../src/literal-pattern.ts';

test('the pattern matches the text alone', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (text, other) => {
      const pattern = new RegExp(`^${literalPattern(text)}$`);
      expect(pattern.test(text)).toBe(true);
      if (other !== text) expect(pattern.test(other)).toBe(false);
    }),
  );
});
