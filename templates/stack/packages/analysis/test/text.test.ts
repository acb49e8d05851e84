import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fidelity, stateOf } from '../src/state.ts';
import { dimensionOf, textVector } from '../src/text.ts';

const overlap = (a: string, b: string) => {
  const [left, right] = [textVector(a), textVector(b)];
  if (left === undefined || right === undefined) throw new Error('no words');
  return fidelity(stateOf([left]), stateOf([right]));
};

describe('a text as a vector', () => {
  it('hashes words as FNV-1a does (RFC 9923)', () => {
    // 32-bit FNV-1a of "a" is 0xe40c292c, of "b" 0xe70c2de5.
    expect(dimensionOf('a')).toBe(0xe40c292c % 26);
    expect(dimensionOf('b')).toBe(0xe70c2de5 % 26);
  });

  it('hashes the UTF-8 of words, whatever their script', () => {
    const fnv1a = (bytes: Uint8Array) =>
      bytes.reduce((hash, byte) => ((hash ^ BigInt(byte)) * 0x01000193n) & 0xffffffffn, 0x811c9dc5n);
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (word) => {
        expect(dimensionOf(word)).toBe(Number(fnv1a(Buffer.from(word)) % 26n));
      }),
    );
  });

  it('has the share of the words as the square of the amplitude, and their mean place as the phase', () => {
    // "a" twice of four words, at 0 and 2: amplitude √½, phase 2π · (0/4 + 2/4) / 2 = π/2.
    const vector = textVector('A b a b');
    const [a, b] = [dimensionOf('a'), dimensionOf('b')];
    expect(vector?.re[a]).toBeCloseTo(0, 12);
    expect(vector?.im[a]).toBeCloseTo(Math.SQRT1_2, 12);
    // "b" at 1 and 3: phase 2π · (1/4 + 3/4) / 2 = π.
    expect(vector?.re[b]).toBeCloseTo(-Math.SQRT1_2, 12);
    expect(vector?.im[b]).toBeCloseTo(0, 12);
  });

  it('is nothing without words', () => {
    expect(textVector('')).toBeUndefined();
    expect(textVector(' … !? ')).toBeUndefined();
  });

  it('knows no case and no compatible forms', () => {
    expect(textVector('ＦＯＯ Bar')).toEqual(textVector('foo bar'));
  });

  it('overlaps more with what says nearly the same', () => {
    const text = 'The broker keeps the events until somebody has taken them.';
    expect(overlap(text, text)).toBeCloseTo(1, 10);
    expect(overlap(text, 'The broker keeps the events until a service has taken them.')).toBeGreaterThan(
      overlap(text, 'Coffee is grown in Colombia, tea in Assam, and neither here.'),
    );
  });

  it('is of length 1, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), (text) => {
        const vector = textVector(text);
        if (vector === undefined) return;
        const squares = [...vector.re, ...vector.im].reduce((sum, x) => sum + x * x, 0);
        expect(squares).toBeCloseTo(1, 10);
      }),
    );
  });
});
