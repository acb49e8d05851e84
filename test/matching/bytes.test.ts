import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesOf, textOf } from '../../src/matching/bytes.ts';

describe('text and its bytes', () => {
  it('holds a character beyond ASCII as its bytes in UTF-8', () => {
    expect(bytesOf('/größe')).toBe('/gr\u00c3\u00b6\u00c3\u009fe');
    expect(textOf('/gr\u00c3\u00b6\u00c3\u009fe')).toBe('/größe');
  });

  it('shows bytes that are no UTF-8 as U+FFFD', () => {
    expect(textOf('caf\u00e9')).toBe('caf\ufffd');
  });

  it('gives any text back', () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme' }), (text) => textOf(bytesOf(text)) === text));
  });
});
