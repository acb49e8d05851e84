import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ceilTo, decimal, floorTo, ofNumber, plain } from '../src/decimal.ts';

const amount = fc
  .tuple(fc.integer({ min: -1_000_000, max: 1_000_000_000 }), fc.integer({ min: 0, max: 8 }))
  .map(([digits, scale]) => decimal(String(digits)).div(decimal('10').pow(scale)));
const step = fc.constantFrom('0.00001', '0.01', '0.05', '0.5', '1', '3').map(decimal);

describe('steps', () => {
  test('the floor is the largest multiple below, and less than a step away', () => {
    fc.assert(
      fc.property(amount, step, (value, by) => {
        const floor = floorTo(value, by);
        expect(floor.mod(by).eq('0')).toBe(true);
        expect(floor.lte(value) && value.minus(floor).lt(by)).toBe(true);
        const ceiling = ceilTo(value, by);
        expect(ceiling.mod(by).eq('0')).toBe(true);
        expect(ceiling.gte(value) && ceiling.minus(value).lt(by)).toBe(true);
      }),
    );
  });

  test('without a step nothing changes', () => {
    expect(plain(floorTo(decimal('1.2345'), decimal('0')))).toBe('1.2345');
  });
});

test('numbers of up to 15 digits survive the way through a double', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 10 ** 15 - 1 }),
      fc.integer({ min: 0, max: 8 }),
      (digits, scale) => {
        const text = plain(decimal(String(digits)).div(decimal('10').pow(scale)));
        expect(plain(ofNumber(Number(text)))).toBe(text);
      },
    ),
  );
});

test('sums are exact, and never written with an exponent', () => {
  expect(plain(decimal('0.1').plus(decimal('0.2')))).toBe('0.3');
  expect(plain(decimal('0.00000001'))).toBe('0.00000001');
  expect(plain(decimal('123456789012345678901234567890'))).toBe('123456789012345678901234567890');
  expect(() => decimal('abc')).toThrow();
});
