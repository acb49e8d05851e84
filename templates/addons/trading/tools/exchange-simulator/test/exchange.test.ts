import { describe, expect, test } from 'vitest';
import { ExchangeError } from '../src/errors.ts';
import { Exchange, type NewOrder } from '../src/exchange.ts';
import { counted, written } from '../src/instrument.ts';
import { MarketMakers } from '../src/market-makers.ts';
import { Pull } from '../src/pull.ts';

const START = 1_750_000_000_000;

function exchange(seed = 7) {
  let time = START;
  const made = new Exchange({
    symbols: ['BTCUSDT', 'ETHUSDT'],
    seed,
    now: () => time,
    balances: { USDT: 1_000_000_000_000_000_000n },
  });
  const makers = new MarketMakers(made);
  return {
    made,
    makers,
    step(times: number) {
      for (let step = 0; step < times; step += 1) {
        time += 100;
        makers.step(0.1);
      }
    },
  };
}

const buy = (changes: Partial<NewOrder> = {}): NewOrder => ({
  symbol: 'BTCUSDT',
  side: 'BUY',
  type: 'LIMIT',
  timeInForce: 'GTC',
  price: 10_000_000,
  quantity: 100,
  clientOrderId: 'one',
  ...changes,
});

/** All of one asset that the account has. */
const total = (made: Exchange, asset: string) => made.account.of(asset).free + made.account.of(asset).locked;

describe('the market', () => {
  test('follows from its seed', () => {
    const [one, same, other] = [exchange(7), exchange(7), exchange(8)];
    for (const each of [one, same, other]) each.step(200);
    const seen = ({ made }: typeof one) => [
      made.market('BTCUSDT').engine.levels('BUY', 50),
      made.market('BTCUSDT').klines.between('1s', 0, START * 2, 1_000),
    ];
    expect(seen(one)).toEqual(seen(same));
    expect(seen(one)).not.toEqual(seen(other));
  });

  test('has a past, books that are full and never crossed, and candles that are right', () => {
    const { made, step } = exchange();
    step(500);
    for (const { engine, klines } of made.markets.values()) {
      expect(engine.levels('BUY', 100).length).toBeGreaterThan(10);
      expect(engine.best('BUY')?.price).toBeLessThan(engine.best('SELL')?.price ?? 0);
      const candles = klines.between('1m', 0, START * 2, 1_000);
      expect(candles.length).toBeGreaterThan(200);
      for (const { open, high, low, close } of candles) {
        expect(high).toBeGreaterThanOrEqual(Math.max(open, close));
        expect(low).toBeLessThanOrEqual(Math.min(open, close));
      }
    }
  });
});

describe('a market that is pulled', () => {
  /** The signs of what the price is pulled by, a second each. */
  const signs = (pull: Pull, seconds: number) =>
    Array.from({ length: seconds }, () => {
      const sign = Math.sign(pull.share);
      for (let step = 0; step < 4; step += 1) pull.pass(0.25);
      return sign;
    });

  test('swings up and down for as long as it was asked to, and then goes its way', () => {
    const pull = new Pull();
    pull.swing(0.002, 3, 8);
    expect(signs(pull, 10)).toEqual([1, 1, 1, -1, -1, -1, 1, 1, 0, 0]);
  });

  test('swings on whatever others make of its drift, and the drift ends by itself', () => {
    const pull = new Pull();
    pull.swing(0.002, 2, 6);
    pull.drift(0.0001, 1);
    expect(pull.share).toBeCloseTo(0.0021, 10);
    pull.pass(1);
    expect(pull.share).toBe(0.002);
    pull.drift(-0.0001);
    pull.pass(1);
    expect(pull.share).toBeCloseTo(-0.0021, 10);
    pull.pass(100);
    expect(pull.share).toBe(-0.0001);
  });

  test('keeps its turn and its end when somebody asks for the same again; 0 ends it', () => {
    const pull = new Pull();
    pull.swing(0.002, 2, 5);
    pull.pass(1);
    pull.swing(0.002, 2, 2);
    expect(signs(pull, 5)).toEqual([1, -1, -1, 1, 0]);
    pull.swing(0.002, 2, 5);
    pull.swing(0, 2);
    expect(pull.share).toBe(0);
  });

  test('goes where it is pulled, each time alike', () => {
    const prices = () => {
      const { made, step } = exchange();
      const market = made.market('ETHUSDT');
      const start = market.fair;
      market.pull.swing(0.002, 5, 20);
      return [50, 50, 50, 50].map((steps) => {
        step(steps);
        return market.fair / start;
      });
    };
    const [up, down, upAgain, downAgain] = prices();
    expect(up).toBeGreaterThan(1.005);
    expect(down).toBeLessThan(1.005);
    expect(upAgain).toBeGreaterThan(1.005);
    expect(downAgain).toBeLessThan(1.005);
    expect(prices()).toEqual([up, down, upAgain, downAgain]);
  });

  test('has the time that it was asked for, also where more happens in it', () => {
    const { made, makers } = exchange();
    const { pull } = made.market('ETHUSDT');
    pull.swing(0.002, 1, 2);
    makers.step(0.5, 5);
    expect(pull.swinging).toBe(0.002);
    makers.step(0.5, 5);
    expect(pull.swinging).toBe(-0.002);
    makers.step(1, 5);
    expect(pull.swinging).toBe(0);
  });
});

describe('orders of the account', () => {
  test('pay what they take, with the fee from what comes in: no unit appears or vanishes', () => {
    const { made, step } = exchange();
    const before = total(made, 'USDT');
    const { order, fills } = made.place(buy({ quantity: 2_000 }));
    expect(order.status).toBe('FILLED');
    const paid = fills.reduce((sum, { amount }) => sum + amount, 0n);
    const fees = fills.reduce((sum, { commission }) => sum + commission, 0n);
    expect(total(made, 'USDT')).toBe(before - paid);
    expect(total(made, 'BTC')).toBe(2_000n * 1_000n - fees);
    expect(made.account.of('USDT').locked).toBe(0n);
    step(20);
    const { fills: sold } = made.place(
      buy({ side: 'SELL', price: 1, quantity: 1_990, clientOrderId: 'two' }),
    );
    const got = sold.reduce((sum, { amount, commission }) => sum + amount - commission, 0n);
    expect(total(made, 'USDT')).toBe(before - paid + got);
  });

  test('rest when nobody takes them, lock what they need, and give it back', () => {
    const { made } = exchange();
    const before = made.account.of('USDT').free;
    const { order } = made.place(buy({ price: 100 }));
    expect(order.status).toBe('NEW');
    expect(made.account.of('USDT').locked).toBe(100n * 100n * 10n);
    expect(() => made.place(buy({ price: 100 }))).toThrow('Duplicate order sent.');
    made.cancel(order);
    expect(made.account.of('USDT')).toEqual({ free: before, locked: 0n });
    expect(() => made.cancel(order)).toThrow('Unknown order sent.');
    // An id may be used again once its order is done, as on Binance: this is why the service never relies on it.
    expect(made.place(buy({ price: 100 })).order.status).toBe('NEW');
  });

  test('that are to be filled at once or not at all expire', () => {
    const { made } = exchange();
    const huge = 8_000_000;
    expect(() => made.place(buy({ type: 'LIMIT_MAKER', clientOrderId: 'maker' }))).toThrow(ExchangeError);
    expect(
      made.place(buy({ timeInForce: 'FOK', quantity: huge, price: 6_600_000, clientOrderId: 'fok' })).order,
    ).toMatchObject({ status: 'EXPIRED', executed: 0 });
    const ioc = made.place(
      buy({ timeInForce: 'IOC', quantity: 1_000_000, price: 6_600_000, clientOrderId: 'ioc' }),
    ).order;
    expect(ioc.status).toBe('EXPIRED');
    expect(ioc.executed).toBeGreaterThan(0);
    expect(made.account.of('USDT').locked).toBe(0n);
  });

  test('that cost more than there is are refused, and lock nothing', () => {
    const { made } = exchange();
    expect(() => made.place(buy({ quantity: 900_000_000_000 }))).toThrow('insufficient balance');
    expect(() => made.place(buy({ side: 'SELL', price: 1 }))).toThrow('insufficient balance');
    expect(made.account.of('USDT').locked).toBe(0n);
    expect(made.openOrders()).toEqual([]);
  });
});

test('counts and texts are the same numbers', () => {
  expect(written(123, 2)).toBe('1.23');
  expect(written(5n, 8)).toBe('0.00000005');
  expect(written(-150, 2)).toBe('-1.50');
  expect(counted('1.23', 2)).toBe(123);
  expect(counted('1.2300', 2)).toBe(123);
  expect(counted('1.234', 2)).toBeUndefined();
  expect(counted('-1', 2)).toBeUndefined();
  expect(counted('1e5', 2)).toBeUndefined();
});
