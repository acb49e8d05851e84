import fc from 'fast-check';
import { expect, test } from 'vitest';
import { apportion } from '../../src/score/points.ts';

const weights = fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 1, maxLength: 60 });

test('the parts always add up to the whole', () => {
  fc.assert(
    fc.property(fc.nat(100_000), weights, (whole, each) => {
      expect(apportion(whole, each).reduce((a, b) => a + b, 0)).toBe(whole);
    }),
  );
});

test('no part is a whole unit away from its exact value', () => {
  fc.assert(
    fc.property(fc.nat(100_000), weights, (whole, each) => {
      const sum = each.reduce((a, b) => a + b, 0);
      for (const [index, part] of apportion(whole, each).entries()) {
        expect(Math.abs(part - (whole * (each[index] ?? 0)) / sum)).toBeLessThan(1);
      }
    }),
  );
});

test('equal weights get parts that differ by one at most', () => {
  fc.assert(
    fc.property(fc.nat(100_000), fc.integer({ min: 1, max: 60 }), (whole, count) => {
      const parts = apportion(whole, Array(count).fill(1 / count));
      expect(Math.max(...parts) - Math.min(...parts)).toBeLessThanOrEqual(1);
    }),
  );
});
