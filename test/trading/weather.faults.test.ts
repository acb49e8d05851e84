import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { qbtc } from '../support/qbtc.ts';
import { expectSameBooks, untilDone } from './books.ts';
import { cacheOf } from './cache.ts';
import { type TradingProcess, type TradingStack, tradingStack } from './trading-stack.ts';
import { trend } from './trend.ts';

const CAPITAL = '100000';
const QUICK = {
  ORDER_TTL_MS: '300',
  RECONCILE_MS: '200',
  EQUITY_MS: '300',
  SIGNAL_DEADLINE_MS: '1500',
  RISK_STALE_MS: '1500',
  RISK_SYMBOL_NOTIONAL: '100000',
  RISK_TOTAL_NOTIONAL: '200000',
  RISK_ORDERS_10S: '1000',
  RISK_DAILY_LOSS: '100000',
};
const SYMBOLS = ['BTCUSDT', 'ETHUSDT'];
const soon = { timeout: 60_000, interval: 100 };

interface Status {
  trading: boolean;
  why_not: string | null;
  symbols: { symbol: string; synced: boolean; resyncs: number; mark: number; age_ms: number }[];
}

describe('whatever the exchange and the servers do', () => {
  let trading: TradingStack;
  let service: TradingProcess;

  const status = async () => (await trading.call<Status>('GET', '/api/trading/status')).body;
  const consider = async (side = 'buy', symbol = 'BTCUSDT') =>
    (
      await trading.call<{ outcome: string; reason: string; client_order_id: string | null }>(
        'POST',
        '/api/trading/candidates',
        { symbol, side },
      )
    ).body;
  /** Until the signal speaks for it. */
  const ordered = () => expect.poll(async () => (await consider()).outcome, soon).toBe('ordered');
  const inStep = () =>
    expect.poll(async () => (await status()).symbols.every(({ synced }) => synced), soon).toBe(true);
  /** How many orders the exchange was ever sent. */
  const sent = async () => {
    const lists = SYMBOLS.map((symbol) =>
      trading.exchange<unknown[]>('GET', '/api/v3/allOrders', { symbol, limit: '1000' }),
    );
    return (await Promise.all(lists)).flat().length;
  };
  const bookOf = async (symbol: string) => {
    const { bids, asks } = await trading.exchange<Record<'bids' | 'asks', [string, string][]>>(
      'GET',
      '/api/v3/depth',
      { symbol },
    );
    return (Number(bids[0]?.[0]) + Number(asks[0]?.[0])) / 2;
  };

  beforeAll(async () => {
    trading = await tradingStack('weather');
  }, 180_000);
  afterAll(() => trading?.takeDown(), 60_000);
  beforeEach(async () => {
    service = await trading.start(QUICK);
    for (const symbol of SYMBOLS) await trading.market({ symbol, ...trend('rises') });
  });
  afterEach(async () => {
    await trading.calm();
    await untilDone(trading);
    await expectSameBooks(trading, CAPITAL);
    await service.kill();
  });

  test('messages that come twice and out of order: the book stays that of the exchange', async () => {
    await trading.fault({ kind: 'duplicate', count: 300 });
    await trading.fault({ kind: 'reorder', count: 100 });
    await ordered();
    await inStep();
    // The market moves while it is asked: the price of the book lies between what the exchange says before and after.
    await expect
      .poll(async () => {
        const before = await bookOf('BTCUSDT');
        const mark = (await status()).symbols[0]?.mark ?? 0;
        const after = await bookOf('BTCUSDT');
        const nearest = Math.min(Math.max(mark, Math.min(before, after)), Math.max(before, after));
        return Math.abs(mark / nearest - 1);
      }, soon)
      .toBeLessThan(0.0005);
  });

  test('a gap: noticed at once, and the book is fetched anew', async () => {
    const before = (await status()).symbols.reduce((sum, { resyncs }) => sum + resyncs, 0);
    await trading.fault({ kind: 'gap', count: 2 });
    await expect
      .poll(async () => (await status()).symbols.reduce((sum, { resyncs }) => sum + resyncs, 0), soon)
      .toBeGreaterThan(before);
    await inStep();
    await ordered();
  });

  test('cut connections: data flow again, and the orders of meanwhile are known', async () => {
    for (let cut = 0; cut < 5; cut += 1) {
      await trading.fault({ kind: 'disconnect' });
      await consider();
    }
    await expect.poll(async () => (await status()).trading, soon).toBe(true);
    await inStep();
    await ordered();
  });

  test('a market that is silent: nothing is ordered by old prices', async () => {
    // Silent again before each question: on a slow machine one answer may take as long as one silence.
    await expect
      .poll(async () => {
        await trading.fault({ kind: 'silence', ms: 6_000 });
        return (await consider()).reason;
      }, soon)
      .toMatch(/nothing was heard of the market|not in step/);
    await ordered();
  });

  test('a clock that is wrong: set right, and then orders are taken', async () => {
    await trading.fault({ kind: 'skew', ms: 45_000 });
    await ordered();
    const rows = await trading.rows<{ status: string }>(
      'select status from hft_trading.orders order by created_at desc limit 5',
    );
    expect(rows.length).toBeGreaterThan(0);
    await expect
      .poll(async () => {
        await consider();
        const [last] = await trading.rows<{ executed: string }>(
          'select executed from hft_trading.orders order by created_at desc limit 1',
        );
        return Number(last?.executed);
      }, soon)
      .toBeGreaterThan(0);
  });

  test('a ban: nothing is sent until it is over', async () => {
    // Banned again before each question: on a slow machine one answer may take as long as one ban.
    await expect
      .poll(async () => {
        await trading.fault({ kind: 'ban', ms: 3_000 });
        return (await consider()).reason;
      }, soon)
      .toMatch(/asked to wait/);
    await ordered();
  });

  test('Redis is lost: positions are copied there again from PostgreSQL', async () => {
    await ordered();
    await trading.kill('cache');
    await ordered();
    await expect
      .poll(
        async () =>
          (await trading.call<{ checks: { cache: { status: string } } }>('GET', '/health')).body.checks.cache
            .status,
        soon,
      )
      .toBe('healthy');
    await expect
      .poll(() => cacheOf(trading.stack, 'hft:positions:BTCUSDT'), soon)
      .toMatchObject({ symbol: 'BTCUSDT' });
  });

  test('PostgreSQL is away: no new orders, said loudly; the open one is cancelled in time; then it goes on', async () => {
    await service.kill();
    // More than the book has at that price, and then the market goes away from it: the rest waits.
    service = await trading.start({
      ...QUICK,
      ORDER_NOTIONAL: '8000',
      ORDER_SLIPPAGE: '0.00005',
      RISK_ORDER_NOTIONAL: '10000',
      ORDER_TTL_MS: '5000',
      ORDER_REPLACEMENTS: '0',
    });
    const open = () => trading.exchange<{ status: string }[]>('GET', '/api/v3/openOrders');
    await expect
      .poll(async () => {
        if ((await open()).length === 0 && (await consider()).outcome === 'ordered')
          await trading.market({ symbol: 'BTCUSDT', jump: 0.002 });
        return (await open()).length;
      }, soon)
      .toBeGreaterThan(0);
    expect((await qbtc(['stop', 'database'], trading.root)).code).toBe(0);
    const before = await sent();
    for (let attempt = 0; attempt < 5; attempt += 1) {
      const outcome = await consider().then(
        ({ outcome: found }) => found,
        () => 'no answer',
      );
      expect(outcome).not.toBe('ordered');
    }
    await expect.poll(async () => (await status()).why_not, soon).toMatch(/database|lock/);
    await expect.poll(open, soon).toEqual([]);
    await expect
      .poll(
        () => service.lines().some(({ level, message }) => level === 'error' && /CANNOT/.test(message)),
        soon,
      )
      .toBe(true);
    expect(await sent()).toBe(before);
    expect((await qbtc(['up', 'database'], trading.root)).code).toBe(0);
    await expect.poll(async () => (await status()).trading, soon).toBe(true);
  });

  test('the loss of the day: the service kills itself, and stays killed over a restart', async () => {
    // There must be something to lose.
    await expect
      .poll(async () => {
        await consider();
        const [held] = await trading.rows<{ symbols: string }>(
          'select count(*) as symbols from hft_trading.positions where quantity > 0',
        );
        return Number(held?.symbols);
      }, soon)
      .toBeGreaterThan(0);
    await untilDone(trading);
    await service.kill();
    service = await trading.start({ ...QUICK, RISK_DAILY_LOSS: '0.5' }, { waits: false });
    await expect.poll(async () => (await status().catch(() => undefined))?.symbols?.length, soon).toBe(2);
    for (const symbol of SYMBOLS) await trading.market({ symbol, jump: -0.02 });
    await expect.poll(async () => String((await status()).why_not), soon).toMatch(/today's loss is/);
    await service.kill();
    service = await trading.start(QUICK, { waits: false });
    await expect
      .poll(async () => String((await status().catch(() => undefined))?.why_not), soon)
      .toMatch(/today's loss is/);
    expect((await consider()).outcome).not.toBe('ordered');
    expect((await trading.call('POST', '/api/trading/resume', { reason: 'the test' })).status).toBe(200);
    await expect.poll(async () => (await status()).trading, soon).toBe(true);
  });
});
