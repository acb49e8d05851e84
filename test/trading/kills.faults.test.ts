import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectSameBooks, untilDone } from './books.ts';
import { type TradingStack, tradingStack } from './trading-stack.ts';
import { trend } from './trend.ts';

/** All of them by `npm run test:faults:trading`; some of them in every run of the faults. */
const KILLS = process.env.npm_lifecycle_event === 'test:faults:trading' ? 200 : 20;
const CAPITAL = '100000';
/** The way from a candidate to its fills takes about this long. */
const LONGEST_MS = 40;
const SYMBOLS = ['BTCUSDT', 'ETHUSDT'] as const;
const QUICK = {
  ORDER_TTL_MS: '300',
  RECONCILE_MS: '200',
  SIGNAL_DEADLINE_MS: '1500',
  RISK_SYMBOL_NOTIONAL: '100000',
  RISK_TOTAL_NOTIONAL: '200000',
  RISK_ORDERS_10S: '1000',
  RISK_DAILY_LOSS: '100000',
  RISK_OPEN_ORDERS: '3',
};

describe('a service that is killed anywhere between signal and fill', () => {
  let trading: TradingStack;
  beforeAll(async () => {
    trading = await tradingStack('killed');
  }, 180_000);
  afterAll(() => trading?.takeDown(), 60_000);

  test(`${KILLS} kills: no order twice, none forgotten, profit as the exchange has it`, async ({ task }) => {
    const [moments = []] = fc.sample(
      fc.array(fc.integer({ min: 0, max: LONGEST_MS }), { minLength: KILLS, maxLength: KILLS }),
      { numRuns: 1, seed: 26 },
    );
    let [former, unsettled]: [string[], number] = [[], 0];
    const consider = (key: string, side: string) =>
      trading.call<{ outcome: string }>(
        'POST',
        '/api/trading/candidates',
        { symbol: key.split('-')[1], side },
        { 'idempotency-key': key },
      );
    for (const [index, moment] of moments.entries()) {
      // Now and then what was bought is sold again.
      const rises = index % 10 < 8;
      const side = rises ? 'buy' : 'sell';
      if (index % 10 === 0 || index % 10 === 8)
        for (const symbol of SYMBOLS) await trading.market({ symbol, ...trend(rises ? 'rises' : 'falls') });
      const service = await trading.start(QUICK);
      // Until the signal says what the market does, and every path is warm.
      for (let attempt = 0; attempt < 100; attempt += 1) {
        const { body } = await consider(`${index}.${attempt}-${SYMBOLS[attempt % 2]}`, side);
        if (body.outcome === 'ordered' || body.outcome === 'refused') break;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      // The exchange keeps an outcome to itself now and then.
      if (index % 7 === 3)
        await trading.fault({ kind: 'timeout', count: 1, executed: index % 2 === 0, answer: 'none' });
      const fresh = SYMBOLS.map((symbol) => `${index}-${symbol}`);
      // Those of the round before come again: a signal that is delivered twice.
      for (const key of [...fresh, ...former]) consider(key, side).catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, moment));
      await service.kill();
      former = fresh;
      const [undone] = await trading.rows<{ count: string }>(
        "select count(*) from hft_trading.orders where status in ('pending', 'unknown', 'open')",
      );
      unsettled += Number(undone?.count);
    }
    await trading.start(QUICK);
    await untilDone(trading);
    const books = await expectSameBooks(trading, CAPITAL);
    expect(books.orders).toBeGreaterThan(KILLS / 4);
    task.meta.figures = `${KILLS} kills -9: ${books.orders} orders, ${books.fills} fills, 0 doubled, 0 forgotten; ${unsettled} found unsettled, ${books.neverPlaced} never placed; profit ${books.profit} as the exchange has it`;
  }, 900_000);
});
