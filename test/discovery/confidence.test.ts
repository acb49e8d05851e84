import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { confidenceOf, WEIGHTS } from '../../src/discovery/confidence.ts';

const fine = { condition: 'healthy', contradicted: false } as const;

test('independent evidence adds up as noisy-or', () => {
  expect(confidenceOf(['ports'], fine)).toBe(0.3);
  // 1 − 0.5 · 0.7 · 0.2
  expect(confidenceOf(['stack', 'ports', 'health'], fine)).toBe(0.93);
  expect(confidenceOf(['ports', 'ports'], fine)).toBe(0.3);
});

test('what is denied counts half, what is not there nothing', () => {
  expect(confidenceOf(['stack', 'ports', 'health'], { condition: 'unhealthy', contradicted: true })).toBe(
    0.47,
  );
  for (const condition of ['absent', 'stopped', 'crashed'] as const)
    expect(confidenceOf(['stack', 'docker'], { condition, contradicted: false })).toBe(0);
});

test('more evidence never makes it less sure, and nothing makes it certain', () => {
  const sources = fc.subarray(Object.keys(WEIGHTS) as (keyof typeof WEIGHTS)[]);
  fc.assert(
    fc.property(sources, sources, (some, more) => {
      const sure = confidenceOf([...some, ...more], fine);
      expect(sure).toBeGreaterThanOrEqual(confidenceOf(some, fine));
      expect(sure).toBeLessThan(1);
    }),
  );
});
