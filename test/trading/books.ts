import { type Decimal, decimal, plain } from '@stack/trading/decimal';
import { expect } from 'vitest';
import type { TradingStack } from './trading-stack.ts';

const SYMBOLS = ['BTCUSDT', 'ETHUSDT'] as const;
const UNDONE = "status in ('pending', 'unknown', 'open') or booked < executed";

interface ExchangeOrder {
  clientOrderId: string;
  orderId: number;
  executedQty: string;
  status: string;
}
interface JournalRow {
  client_order_id: string;
  signal_id: string;
  attempt: number;
  symbol: string;
  status: string;
  executed: string;
  booked: string;
}

/** Waits until nothing may come any more. */
export async function untilDone(trading: TradingStack, timeoutMs = 30_000): Promise<void> {
  await expect
    .poll(
      async () =>
        await trading.rows(`select client_order_id, status from hft_trading.orders where ${UNDONE}`),
      {
        timeout: timeoutMs,
        interval: 100,
      },
    )
    .toEqual([]);
}

/**
 * Compares the service's books with the exchange's, to the last decimal: every order there is once and known here, every
 * fill is booked once, and what is held and won is the same.
 */
export async function expectSameBooks(
  trading: TradingStack,
  capital: string,
): Promise<{ orders: number; fills: number; neverPlaced: number; profit: string }> {
  const journal = await trading.rows<JournalRow>('select * from hft_trading.orders');
  const byId = new Map(journal.map((row) => [row.client_order_id, row]));
  let [orders, fills] = [0, 0];
  const seen = new Set<string>();
  for (const symbol of SYMBOLS) {
    const there = await all<ExchangeOrder & { id?: number }>(
      trading,
      '/api/v3/allOrders',
      symbol,
      'orderId',
      ({ orderId }) => orderId,
    );
    for (const order of there) {
      expect(seen.has(order.clientOrderId), `${order.clientOrderId} was ordered twice`).toBe(false);
      seen.add(order.clientOrderId);
      const row = byId.get(order.clientOrderId);
      expect(row, `${order.clientOrderId} is forgotten`).toBeDefined();
      expect(
        decimal(row?.executed ?? '0').eq(order.executedQty),
        `${order.clientOrderId}: ${row?.executed} of ${order.executedQty}`,
      ).toBe(true);
      expect(
        decimal(row?.booked ?? '0').eq(row?.executed ?? '-1'),
        `${order.clientOrderId} is not booked`,
      ).toBe(true);
    }
    orders += there.length;
    const trades = await all<{ id: number; qty: string }>(
      trading,
      '/api/v3/myTrades',
      symbol,
      'fromId',
      ({ id }) => id,
    );
    const booked = await trading.rows<{ trade_id: string }>(
      `select trade_id from hft_trading.fills where symbol = '${symbol}' order by trade_id`,
    );
    expect(booked.map(({ trade_id }) => Number(trade_id))).toEqual(trades.map(({ id }) => id));
    fills += trades.length;
  }
  const executedOnlyHere = journal.filter(
    ({ client_order_id, executed }) => !seen.has(client_order_id) && Number(executed) > 0,
  );
  expect(executedOnlyHere).toEqual([]);
  const firsts = journal.filter(({ attempt }) => attempt === 0).map(({ signal_id }) => signal_id);
  expect(new Set(firsts).size).toBe(firsts.length);
  const profit = await profitHere(trading);
  expect(plain(profit)).toBe(plain(await profitThere(trading, capital)));
  return {
    orders,
    fills,
    neverPlaced: journal.filter(({ status }) => status === 'not_placed').length,
    profit: plain(profit),
  };
}

/** Any prices will do, as long as both sides are asked for the same. */
const MARKS: Record<string, string> = { BTC: '64000', ETH: '3000' };

async function profitHere(trading: TradingStack): Promise<Decimal> {
  const rows = await trading.rows<{ symbol: string; quantity: string; cost: string; realised: string }>(
    'select * from hft_trading.positions',
  );
  return rows.reduce((sum, { symbol, quantity, cost, realised }) => {
    const worth = decimal(quantity).times(MARKS[symbol.slice(0, 3)] ?? '0');
    return sum.plus(realised).plus(worth).minus(cost);
  }, decimal('0'));
}

async function profitThere(trading: TradingStack, capital: string): Promise<Decimal> {
  const { balances } = await trading.exchange<{
    balances: { asset: string; free: string; locked: string }[];
  }>('GET', '/api/v3/account');
  return balances.reduce(
    (sum, { asset, free, locked }) =>
      sum.plus(
        decimal(free)
          .plus(locked)
          .times(MARKS[asset] ?? '1'),
      ),
    decimal(capital).times('-1'),
  );
}

/** All pages of a list that is asked for from an id on. */
async function all<Item>(
  trading: TradingStack,
  path: string,
  symbol: string,
  from: string,
  idOf: (item: Item) => number,
): Promise<Item[]> {
  const found: Item[] = [];
  for (let next = 0; ; ) {
    const page = await trading.exchange<Item[]>('GET', path, { symbol, limit: '1000', [from]: String(next) });
    found.push(...page);
    const last = page.at(-1);
    if (last === undefined || page.length < 1_000) return found;
    next = idOf(last) + 1;
  }
}
