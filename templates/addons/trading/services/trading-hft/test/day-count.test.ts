import { decimal, plain } from '@stack/trading/decimal';
import { expect, test } from 'vitest';
import { DayCount } from '../src/day-count.ts';
import { clientOrderIdOf } from '../src/orders/order.ts';

const worth = (realised: string, unrealised = '0') => ({
  realised: decimal(realised),
  unrealised: decimal(unrealised),
});

test('orders are counted in ten seconds and in a day, the profit since midnight', () => {
  let now = Date.UTC(2026, 0, 5, 23, 59, 50);
  const count = new DayCount(() => now);
  count.begin(7, decimal('-3'));
  count.add();
  count.add();
  expect(count.sent()).toEqual({ in10Seconds: 2, today: 9 });
  expect(plain(count.profit(worth('-10', '2')))).toBe('-5');
  now += 10_001;
  expect(count.sent()).toEqual({ in10Seconds: 0, today: 0 });
  // The first of the new day is what the rest is compared with.
  expect(plain(count.profit(worth('-10', '2')))).toBe('0');
  expect(plain(count.profit(worth('-10', '1.5')))).toBe('-0.5');
});

test('the id of an order follows from its signal, and is one that Binance takes', () => {
  const id = clientOrderIdOf(`sig-${'a'.repeat(32)}`, 0);
  expect(id).toBe(clientOrderIdOf(`sig-${'a'.repeat(32)}`, 0));
  expect(id).toMatch(/^[a-zA-Z0-9-_]{1,36}$/);
  expect(clientOrderIdOf(`sig-${'a'.repeat(32)}`, 1)).not.toBe(id);
  expect(clientOrderIdOf(`sig-${'b'.repeat(32)}`, 0)).not.toBe(id);
});
