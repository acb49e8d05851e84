import { afterAll, beforeAll, expect, it } from 'vitest';
import { type FuzzBench, fuzzAnswers, fuzzRequests, shown, startFuzzBench } from './bench.ts';

let bench: FuzzBench;
beforeAll(async () => {
  bench = await startFuzzBench();
});
afterAll(() => bench.close());

it('whatever clients send: gateway and backend agree on it, and nobody gets past a guarded route', async () => {
  const { failures, served, refused } = await fuzzRequests(bench, { requests: 1_500, seed: 1 });
  expect(shown(failures)).toBe('');
  expect(Math.min(served, refused)).toBeGreaterThan(300);
});

it('whatever backends answer: clients get it whole, or see that it is not', async () => {
  const { failures, served, refused } = await fuzzAnswers(bench, { requests: 600, seed: 1 });
  expect(shown(failures)).toBe('');
  expect(served - refused).toBeGreaterThan(300);
  expect(refused).toBeGreaterThan(100);
});
