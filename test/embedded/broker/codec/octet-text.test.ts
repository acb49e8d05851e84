import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeOctets, encodeOctets } from '../../../../src/embedded/broker/codec/octet-text.ts';

const bytes = fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array));

describe('text of octets', () => {
  it('gives every sequence of bytes again', () => {
    fc.assert(
      fc.property(bytes, (given) => {
        expect(encodeOctets(decodeOctets(given))).toEqual(given);
      }),
    );
  });

  it('is ordinary text where the bytes are UTF-8', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(decodeOctets(Buffer.from(text))).toBe(text);
        expect(encodeOctets(text)).toEqual(Buffer.from(text));
      }),
    );
  });
});
