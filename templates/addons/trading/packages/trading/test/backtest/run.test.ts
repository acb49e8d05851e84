import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type BacktestOptions,
  equityChart,
  reportPage,
  runBacktest,
  statisticsOf,
} from '../../src/backtest/index.ts';
import type { Candle } from '../../src/candle.ts';
import { decimal, plain } from '../../src/decimal.ts';
import { filtersOf } from '../../src/filters.ts';
import { strategies } from '../../src/strategies/index.ts';
import type { Strategy } from '../../src/strategy.ts';

const options: BacktestOptions = {
  strategy: strategies[0] as Strategy,
  filters: filtersOf({
    symbol: 'BTCUSDT',
    baseAsset: 'BTC',
    quoteAsset: 'USDT',
    filters: [{ filterType: 'LOT_SIZE', minQty: '0.00001', maxQty: '0', stepSize: '0.00001' }],
  }),
  limits: {
    orderNotional: decimal('2000'),
    symbolNotional: decimal('2000'),
    totalNotional: decimal('5000'),
    dailyLoss: decimal('5000'),
    ordersIn10Seconds: 100,
    ordersInADay: 100_000,
    priceBand: decimal('0.5'),
    openOrders: 1,
    staleMs: 1_000,
  },
  capital: decimal('10000'),
  orderNotional: decimal('1000'),
  fee: decimal('0.001'),
  slippage: decimal('0.0005'),
};

/** Candles of a market that goes up and down around 100, moved by `noise`. */
function market(noise: readonly number[]): Candle[] {
  return noise.map((move, index) => {
    const close = 100 + 12 * Math.sin(index / 18) + move;
    const open = 100 + 12 * Math.sin((index - 1) / 18) + move / 2;
    return {
      openTime: index * 60_000,
      closeTime: index * 60_000 + 59_999,
      open: Math.round(open * 100) / 100,
      high: Math.round((Math.max(open, close) + 0.3) * 100) / 100,
      low: Math.round((Math.min(open, close) - 0.3) * 100) / 100,
      close: Math.round(close * 100) / 100,
      volume: 10,
    };
  });
}
const quiet = Array.from({ length: 600 }, (_, index) => ((index * 7919) % 13) / 20);

describe('a backtest', () => {
  test('does not look ahead: whatever the future becomes, what was done before it stays', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 60, max: 590 }),
        fc.array(fc.double({ min: -5, max: 5, noNaN: true }), { minLength: 600, maxLength: 600 }),
        async (now, other) => {
          for (const strategy of strategies) {
            const known = await runBacktest(market(quiet), { ...options, strategy });
            const future = market(other);
            const shuffled = market(quiet).map((candle, index) =>
              index <= now ? candle : (future[index] as Candle),
            );
            const changed = await runBacktest(shuffled, { ...options, strategy });
            const until = (now + 1) * 60_000;
            const before = ({ trades }: typeof known) =>
              trades
                .filter(({ time }) => time < until)
                .map(({ side, time, price, quantity }) => [side, time, plain(price), plain(quantity)]);
            expect(before(changed)).toEqual(before(known));
          }
        },
      ),
      { numRuns: 20 },
    );
  });

  test('fills at the next open, worse by the slippage, and pays the fee', async () => {
    const candles = market(quiet);
    const { trades } = await runBacktest(candles, options);
    expect(trades.length).toBeGreaterThan(4);
    for (const { side, time, price, quantity, fee } of trades) {
      const { open } = candles.find(({ openTime }) => openTime === time) as Candle;
      expect(plain(price)).toBe(plain(decimal(String(open)).times(side === 'buy' ? '1.0005' : '0.9995')));
      expect(plain(fee)).toBe(plain(price.times(quantity).times('0.001')));
      expect(quantity.mod('0.00001').eq('0')).toBe(true);
    }
  });

  test('what it has at the end is the capital and what it won, to the last decimal', async () => {
    const candles = market(quiet);
    const result = await runBacktest(candles, options);
    const worth = decimal('10000').plus(result.realised).plus(result.unrealised);
    expect(result.equity.at(-1)?.value).toBeCloseTo(Number(plain(worth)), 6);
    expect(result.statistics.return).toBeCloseTo(Number(plain(worth)) / 10_000 - 1, 9);
  });

  test('risk checks bind it as they bind the service', async () => {
    const limits = { ...options.limits, orderNotional: decimal('10') };
    const { trades, refused, candidates, held } = await runBacktest(market(quiet), { ...options, limits });
    expect(trades).toEqual([]);
    expect(refused).toEqual({ 'order-notional': candidates - held });
  });

  test('nothing comes of nothing', async () => {
    const { statistics, candles, equity } = await runBacktest([], options);
    expect({ candles, equity, ...statistics }).toMatchObject({
      candles: 0,
      equity: [],
      return: 0,
      sharpe: null,
      winRate: null,
      trades: 0,
    });
  });
});

test('statistics by hand', () => {
  const day = 86_400_000;
  const trade = (side: string, realised: string) => ({
    side,
    price: decimal('100'),
    quantity: decimal('1'),
    fee: decimal('0.1'),
    realised: decimal(realised),
  });
  const found = statisticsOf({
    equity: [110, 99, 108.9],
    times: [day, 2 * day, 3 * day],
    capital: 100,
    trades: [trade('buy', '-0.1'), trade('sell', '5'), trade('buy', '-0.1'), trade('sell', '-2')],
  });
  // Returns 0.1, −0.1, 0.1: mean 1/30, deviation √(0.04/3), downside √(0.01/3); 365 periods a year.
  expect(found.sharpe).toBeCloseTo((1 / 30 / Math.sqrt(0.04 / 3)) * Math.sqrt(365), 6);
  expect(found.sortino).toBeCloseTo((1 / 30 / Math.sqrt(0.01 / 3)) * Math.sqrt(365), 6);
  expect(found).toMatchObject({
    return: expect.closeTo(0.089, 9),
    maxDrawdown: expect.closeTo(0.1, 9),
    winRate: 0.5,
    turnover: 4,
    trades: 4,
    fees: expect.closeTo(0.4, 9),
  });
});

test('the curve and the page show what happened, and nothing of a text becomes markup', async () => {
  const result = await runBacktest(market(quiet), options);
  const svg = equityChart(result.equity, 10_000);
  expect(svg).toMatch(/^<svg[^>]+viewBox/);
  expect(svg.match(/points="([^"]+)"/)?.[1]?.split(' ')).toHaveLength(result.equity.length);
  expect(svg).not.toContain('NaN');
  expect(equityChart([], 100)).not.toContain('NaN');
  expect(equityChart([{ time: 0, value: 100 }], 100)).not.toContain('NaN');
  const page = reportPage(result, { title: '<script>', capital: 10_000, rows: [['return', '1 & 2']] });
  expect(page).toContain('&lt;script&gt;');
  expect(page).toContain('1 &amp; 2');
  expect(page).not.toContain('<script>');
});
