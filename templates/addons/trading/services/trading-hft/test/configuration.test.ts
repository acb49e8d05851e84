import { readConfiguration } from '@stack/runtime/configuration';
import { describe, expect, test } from 'vitest';
import { CONFIGURATION, contradictions, credentialsOf, dailyLossOf, limitsOf } from '../src/configuration.ts';

const LEAST = { DATABASE_URL: 'postgres://x', REDIS_URL: 'redis://x', TRADING_CONTROL_KEY: 'k' };
const read = (changes: Record<string, string> = {}) =>
  readConfiguration({ common: {}, own: CONFIGURATION }, { ...LEAST, ...changes }).own;

describe('live trading', () => {
  const LIVE = {
    TRADING_MODE: 'live',
    TRADING_LIVE_ALLOWED: 'yes',
    RISK_DAILY_LOSS: '50',
    EXCHANGE_API_KEY: 'a',
    EXCHANGE_API_SECRET: 'b',
  };

  test('takes both switches, a limit for the loss, and keys', () => {
    expect(contradictions(read(LIVE))).toEqual([]);
    for (const [change, reason] of [
      [{ TRADING_LIVE_ALLOWED: '' }, /TRADING_LIVE_ALLOWED is not yes/],
      [{ RISK_DAILY_LOSS: '' }, /RISK_DAILY_LOSS has to be set/],
      [{ EXCHANGE_API_SECRET: '' }, /EXCHANGE_API_SECRET have to be set/],
      [{ EXCHANGE_URL: 'http://127.0.0.1:1' }, /simulated exchange/],
    ] as const)
      expect(contradictions(read({ ...LIVE, ...change }))).toEqual([expect.stringMatching(reason)]);
  });

  test('is not what happens by itself', () => {
    const given = read();
    expect(given.TRADING_MODE).toBe('paper');
    expect(contradictions(given)).toEqual([]);
    expect(dailyLossOf(given)).toBe('1000');
  });
});

test('the keys of the simulated exchange never go to a real one, nor the other way round', () => {
  const keys = {
    SIMULATOR_KEY: 'play',
    SIMULATOR_SECRET: 'money',
    EXCHANGE_API_KEY: 'real',
    EXCHANGE_API_SECRET: 'secret',
  };
  expect(credentialsOf(read(keys))).toEqual({ key: 'real', secret: 'secret' });
  expect(credentialsOf(read({ ...keys, EXCHANGE_URL: 'http://127.0.0.1:8600' }))).toEqual({
    key: 'play',
    secret: 'money',
  });
  expect(credentialsOf(read())).toEqual({ key: '', secret: '' });
});

test('numbers that are none are told by their names', () => {
  expect(() =>
    read({ ORDER_NOTIONAL: '-5', RISK_PRICE_BAND: '2', SYMBOLS: 'btc', STRATEGY: 'luck' }),
  ).toThrow(/SYMBOLS: .*STRATEGY: expected one of .*ORDER_NOTIONAL: .*RISK_PRICE_BAND: /);
});

test.each([
  'BTCUSDT',
  '币安人生USDT,BTCUSDT',
  '1000SATSUSDT',
  'BTCUSD_PERP',
  'A',
])('%s are symbols', (symbols) => {
  expect(read({ SYMBOLS: symbols }).SYMBOLS).toBe(symbols);
});

test.each([
  'btcusdt',
  'BTCUSDT,',
  'BTC USDT',
  'BTC/USDT',
  '币安人生usdt',
  '"BTCUSDT"',
])('%s are none', (symbols) => {
  expect(() => read({ SYMBOLS: symbols })).toThrow(/SYMBOLS: expected symbols as/);
});

test('the limits of the exchange hold where they are lower', () => {
  const given = read({ RISK_ORDERS_10S: '500', RISK_ORDERS_DAY: '100' });
  expect(limitsOf(given, { ordersIn10Seconds: 100, ordersInADay: 200_000 })).toMatchObject({
    ordersIn10Seconds: 100,
    ordersInADay: 100,
    openOrders: 1,
  });
});
