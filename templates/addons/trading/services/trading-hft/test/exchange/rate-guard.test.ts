import { expect, test } from 'vitest';
import { NotSent } from '../../src/exchange/not-sent.ts';
import { createRateGuard } from '../../src/exchange/rate-guard.ts';

test('nothing is sent beyond the weight of a minute, and orders stop before it', () => {
  let now = 600_000;
  const guard = createRateGuard(() => now);
  guard.limit(100);
  for (let sent = 0; sent < 80; sent += 1) guard.admit(1);
  expect(guard.barred()).toBeUndefined();
  guard.admit(1);
  expect(guard.barred()).toMatch(/81 of 100/);
  guard.admit(19);
  expect(() => guard.admit(1)).toThrow(NotSent);
  now += 60_000;
  expect(guard.barred()).toBeUndefined();
  guard.admit(100);
});

test('what others of the same address use up counts, too', () => {
  const guard = createRateGuard(() => 0);
  guard.limit(100);
  guard.note({ 'x-mbx-used-weight-1m': 99 });
  expect(() => guard.admit(2)).toThrow(/used up/);
});

test('after 429 and 418 nothing is sent for as long as was asked for', () => {
  let now = 600_000;
  const guard = createRateGuard(() => now);
  guard.refused({ code: -1003, headers: { 'retry-after': '7' } });
  expect(guard.barred()).toBe('the exchange asked to wait for 7 s more');
  expect(() => guard.admit(1)).toThrow(NotSent);
  now += 7_000;
  expect(guard.barred()).toBeUndefined();
  guard.refused({ code: -2010 });
  guard.refused({});
  expect(guard.barred()).toBeUndefined();
});
