import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RESTART_BUDGET, RestartPolicy } from '../../../src/runtimes/processes/restart-policy.ts';

const MINUTE = 60_000;

test('the pause doubles with each crash, and begins anew when it was ready', () => {
  const policy = new RestartPolicy(() => 1);
  expect([0, 1, 2].map((second) => policy.crashed(second * 1000))).toEqual([500, 1000, 2000]);
  policy.ready();
  expect(policy.crashed(4000)).toBe(500);
});

test('what is ready for a moment each time spends its budget too', () => {
  const policy = new RestartPolicy();
  for (let crash = 0; crash < RESTART_BUDGET; crash += 1) {
    expect(policy.crashed(crash * 1000)).toBeGreaterThan(0);
    policy.ready();
  }
  expect(policy.crashed(RESTART_BUDGET * 1000)).toBeUndefined();
});

test('a crash now and then is always answered', () => {
  const policy = new RestartPolicy();
  for (let crash = 0; crash < 100; crash += 1) {
    expect(policy.crashed(crash * 5 * MINUTE)).toBeGreaterThan(0);
    policy.ready();
  }
});

test('the pause is never longer than 30 seconds, nor shorter than half of what it doubles to', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 20 }),
      (chances) => {
        let turn = 0;
        const policy = new RestartPolicy(() => chances[turn % chances.length] ?? 0);
        for (; turn < 20; turn += 1) {
          const pause = policy.crashed(turn * 20 * MINUTE) ?? 0;
          const whole = Math.min(30_000, 500 * 2 ** turn);
          expect(pause).toBeGreaterThanOrEqual(whole / 2);
          expect(pause).toBeLessThanOrEqual(whole);
        }
      },
    ),
  );
});
