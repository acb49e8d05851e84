import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  compareNumbers,
  equalJson,
  jsonText,
  numberOf,
  parseJson,
  parseJsonBytes,
  plainJson,
} from '../src/json.ts';

describe('JSON with all of its digits', () => {
  it.each([
    '9007199254740993',
    '-9223372036854775808',
    '18446744073709551615',
    '0.12345678901234567891',
    '1e400',
    '[{"id":9007199254740993,"__proto__":1,"a":"9007199254740993"}]',
    '123456789012345678901234567890.5',
  ])('%s leaves as it came', (text) => {
    expect(jsonText(parseJson(text))).toBe(text);
  });

  it('is what JSON.parse gives where that loses nothing', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(plainJson(parseJson(text))).toEqual(JSON.parse(text));
      }),
    );
    fc.assert(
      fc.property(fc.bigInt(), (value) => {
        expect(String(parseJson(String(value)))).toBe(String(value));
        expect(parseJson(`{"a":[${value}]}`)).toEqual({ a: [numberOf(String(value))] });
      }),
    );
  });

  it('refuses what is no JSON, and takes the last of two equal names, as JSON.parse does', () => {
    expect(() => parseJson('{"a":9007199254740993')).toThrow(SyntaxError);
    expect(() => parseJson('01234567890123456789')).toThrow(SyntaxError);
    expect(parseJson('{"a":1,"a":9007199254740993}')).toEqual({ a: 9_007_199_254_740_993n });
  });

  it('is UTF-8 where it comes as bytes (RFC 8259, section 8.1)', () => {
    expect(parseJsonBytes(Buffer.from('{"name":"é","id":9007199254740993}'))).toEqual({
      name: 'é',
      id: 9_007_199_254_740_993n,
    });
    expect(() => parseJsonBytes(Buffer.from('{"name":"é"}', 'latin1'))).toThrow(SyntaxError);
    expect(() => parseJsonBytes(Buffer.from('{"name":'))).toThrow(SyntaxError);
  });

  it('compares numbers by what they are worth', () => {
    const [id, next] = [numberOf('9007199254740993'), numberOf('9007199254740992')];
    expect(compareNumbers(id, next)).toBeGreaterThan(0);
    expect(compareNumbers(numberOf('1.50'), 1.5)).toBe(0);
    expect(
      compareNumbers(numberOf('0.12345678901234567891'), numberOf('0.12345678901234567892')),
    ).toBeLessThan(0);
    expect(compareNumbers(numberOf('1e400'), numberOf('1e399'))).toBeGreaterThan(0);
    expect(compareNumbers(numberOf('1e999999999'), 3)).toBeGreaterThan(0);
    expect(equalJson({ a: [numberOf('1e400')], b: 1 }, { b: 1, a: [numberOf('10e399')] })).toBe(true);
    expect(equalJson({ a: id }, { a: next })).toBe(false);
    expect(equalJson([1], { 0: 1 })).toBe(false);
    expect(equalJson('1', 1)).toBe(false);
  });
});
