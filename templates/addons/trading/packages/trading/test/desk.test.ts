import { expect, test } from 'vitest';
import { type Candle, CandleBuilder } from '../src/candle.ts';
import { Desk, WARM_UP } from '../src/desk.ts';
import { strategies, strategyNamed } from '../src/strategies/index.ts';
import type { Strategy } from '../src/strategy.ts';

const candle = (index: number, close: number): Candle => ({
  openTime: index * 60_000,
  closeTime: index * 60_000 + 59_999,
  open: close,
  high: close + 1,
  low: close - 1,
  close,
  volume: 10,
});

test('indicators by hand: a rising line', () => {
  const seen: Parameters<Strategy['decide']>[0][] = [];
  const desk = new Desk({ name: 'watch', description: '', decide: (look) => void seen.push(look) });
  for (let index = 0; index < 100; index += 1) desk.candle('BTCUSDT', candle(index, 100 + index), false);
  expect(seen).toHaveLength(100 - WARM_UP);
  const last = seen.at(-1)?.indicators;
  // An EMA of n periods lags a line of slope 1 by (n − 1) / 2 in the end, so the two lie 6 apart.
  expect(last?.ema_9).toBeCloseTo(199 - 4, 1);
  expect((last?.ema_9 ?? 0) - (last?.ema_21 ?? 0)).toBeCloseTo(6, 0);
  expect(last?.rsi_14).toBe(100);
  // Every candle spans 2, and the next close is 1 above the last: the true range is 2.
  expect(last?.atr_14).toBeCloseTo(2, 5);
  // The 20 closes from 180 to 199: mean 189.5, deviation √33.25.
  expect(last?.bollinger_upper).toBeCloseTo(189.5 + 2 * Math.sqrt(33.25), 5);
  expect(last?.macd).toBeCloseTo(7, 0);
  // All candles have the same volume, so it is the mean of the closes.
  expect(last?.vwap).toBeCloseTo(149.5, 5);
});

test('a candle that comes again, or late, changes nothing', () => {
  const prices = Array.from({ length: 120 }, (_, index) => 100 + 10 * Math.sin(index / 7));
  const once = new Desk(strategies[0] as Strategy);
  const twice = new Desk(strategies[0] as Strategy);
  const decided = prices.map((price, index) => once.candle('A', candle(index, price), false));
  const again = prices.map((price, index) => {
    const first = twice.candle('A', candle(index, price), false);
    expect(twice.candle('A', candle(index, price + 5), false)).toBeUndefined();
    expect(twice.candle('A', candle(Math.max(0, index - 3), 1), false)).toBeUndefined();
    return first;
  });
  expect(again).toEqual(decided);
  expect(decided.filter(Boolean).length).toBeGreaterThan(1);
});

test('ema-cross buys on the way up and sells on the way down, and only what is held', () => {
  const desk = new Desk(strategyNamed('ema-cross') as Strategy);
  const sides: string[] = [];
  let holding = false;
  for (let index = 0; index < 300; index += 1) {
    const found = desk.candle('A', candle(index, 100 + 10 * Math.sin(index / 15)), holding);
    if (found === undefined) continue;
    sides.push(found.side);
    holding = found.side === 'buy';
  }
  expect(sides.length).toBeGreaterThan(4);
  for (const [index, side] of sides.entries()) expect(side).toBe(index % 2 === 0 ? 'buy' : 'sell');
});

test('every strategy has a name of its own and says what it does', () => {
  expect(new Set(strategies.map(({ name }) => name)).size).toBe(strategies.length);
  for (const { name, description } of strategies) {
    expect(strategyNamed(name)).toBeDefined();
    expect(description.length).toBeGreaterThan(20);
  }
});

test('candles are made of trades; an interval without a trade has none', () => {
  const builder = new CandleBuilder(1_000);
  const done = [
    { time: 1_000, price: 10, quantity: 1 },
    { time: 1_500, price: 12, quantity: 2 },
    { time: 1_999, price: 9, quantity: 1 },
    { time: 4_000, price: 11, quantity: 1 },
  ].map((tick) => builder.add(tick));
  expect(done).toEqual([
    undefined,
    undefined,
    undefined,
    { openTime: 1_000, closeTime: 1_999, open: 10, high: 12, low: 9, close: 9, volume: 4 },
  ]);
  expect(builder.current).toMatchObject({ openTime: 4_000, open: 11 });
});
