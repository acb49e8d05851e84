import { addSimulator } from '@stack/exchange-simulator/server';
import { createLog } from '@stack/runtime/logging';
import { Book } from '@stack/trading/book';
import { decimal } from '@stack/trading/decimal';
import fastify from 'fastify';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openBinance } from '../../src/exchange/binance.ts';
import {
  type AccountListener,
  type MarketListener,
  OrderRejected,
  type OrderReport,
  OutcomeUnknown,
} from '../../src/exchange/exchange.ts';
import { onPaper } from '../../src/exchange/paper.ts';
import { exchangeConformance } from './conformance.ts';

const log = createLog({ service: 'test', level: 'silent', destination: { write: () => {} } });
const CREDENTIALS = { key: 'key', secret: 'secret' };

async function simulated(credentials = CREDENTIALS, symbol = 'BTCUSDT') {
  const server = fastify();
  const simulator = addSimulator(server, {
    symbols: [symbol, 'ETHUSDT'],
    seed: 26,
    speed: 2,
    credentials: CREDENTIALS,
    balances: { USDT: 10_000_000_000_000n },
  });
  const url = await server.listen({ port: 0, host: '127.0.0.1' });
  onTestFinished(async () => {
    await simulator.close();
    await server.close();
  });
  const exchange = openBinance({
    simulator: url,
    testnet: false,
    ...credentials,
    symbols: [symbol],
    interval: '1s',
    log,
  });
  return { exchange, simulator };
}

exchangeConformance('the Binance client, against the simulated exchange', async () => {
  const { exchange } = await simulated();
  return { exchange, rests: true, low: '1000', high: '900000' };
});

// Binance has traded it since October 2025.
exchangeConformance(
  'the Binance client, with a symbol of other letters',
  async () => {
    const { exchange } = await simulated(CREDENTIALS, '币安人生USDT');
    return { exchange, rests: true, low: '10', high: '1000' };
  },
  { symbol: '币安人生USDT', lot: '1' },
);

exchangeConformance('on paper, against a book', async () => {
  const { exchange } = await simulated();
  const book = new Book();
  book.bids.set(64_000, 1);
  book.asks.set(64_010, 0.0004);
  book.asks.set(64_020, 1);
  const { filters } = await exchange.rules();
  return { exchange: onPaper(exchange, filters, () => book), rests: false, low: '1000', high: '70000' };
});

test('on paper an order is filled as far as the book reaches, level by level', async () => {
  const { exchange } = await simulated();
  const book = new Book();
  book.asks.set(64_010, 0.0004);
  book.asks.set(64_020, 0.0003);
  book.asks.set(65_000, 1);
  const paper = onPaper(exchange, (await exchange.rules()).filters, () => book);
  const report = await paper.place({
    symbol: 'BTCUSDT',
    side: 'buy',
    price: decimal('64100'),
    quantity: decimal('0.001'),
    clientOrderId: 'p',
  });
  expect(report.status).toBe('expired');
  expect(report.fills.map(({ price, quantity }) => [price.toFixed(), quantity.toFixed()])).toEqual([
    ['64010', '0.0004'],
    ['64020', '0.0003'],
  ]);
  expect(report.executed.toFixed()).toBe('0.0007');
});

describe('what is known of an order that went wrong', () => {
  const order = {
    symbol: 'BTCUSDT',
    side: 'buy' as const,
    price: decimal('900000'),
    quantity: decimal('0.001'),
    clientOrderId: 'wrong',
  };

  test('a refusal is a refusal; no answer, and an answer that says nothing, leave it open', async () => {
    const { exchange, simulator } = await simulated();
    simulator.faults.set({ kind: 'reject', count: 1 });
    await expect(exchange.place(order)).rejects.toThrow(OrderRejected);
    simulator.faults.set({ kind: 'timeout', count: 1, executed: true, answer: 'error' });
    await expect(exchange.place(order)).rejects.toThrow(OutcomeUnknown);
    expect(await exchange.order('BTCUSDT', 'wrong')).toMatchObject({ status: 'filled' });
    simulator.faults.set({ kind: 'timeout', count: 1, executed: false, answer: 'none' });
    await expect(exchange.place({ ...order, clientOrderId: 'cut' })).rejects.toThrow(OutcomeUnknown);
    expect(await exchange.order('BTCUSDT', 'cut')).toBeUndefined();
  });

  test('during a ban nothing is sent', async () => {
    const { exchange, simulator } = await simulated();
    await exchange.rules();
    simulator.faults.set({ kind: 'ban', ms: 60_000 });
    await expect(exchange.place(order)).rejects.toThrow(OrderRejected);
    expect(exchange.barred()).toMatch(/asked to wait/);
    simulator.faults.clear();
    const before = simulator.exchange.orders.size;
    await expect(exchange.place(order)).rejects.toThrow(/asked to wait/);
    expect(simulator.exchange.orders.size).toBe(before);
  });

  test('a wrong key is told by its name', async () => {
    const { exchange } = await simulated({ key: 'key', secret: 'other' });
    await expect(exchange.place(order)).rejects.toThrow(/Signature for this request is not valid/);
  });
});

describe('streams', () => {
  test('tell of the market, also again after a cut, and of the account', async () => {
    const { exchange, simulator } = await simulated();
    const heard = { connected: 0, trades: 0, best: 0, depth: 0, candles: 0 };
    const orders: OrderReport[] = [];
    let accountConnected = 0;
    const count = (kind: keyof typeof heard) => {
      heard[kind] += 1;
    };
    const market: MarketListener = {
      onConnected: () => count('connected'),
      onLost: () => {},
      onTrade: () => count('trades'),
      onBest: () => count('best'),
      onDepth: () => count('depth'),
      onCandle: () => count('candles'),
    };
    const account: AccountListener = {
      onConnected() {
        accountConnected += 1;
      },
      onLost: () => {},
      onOrder: (report) => void orders.push(report),
    };
    exchange.watchMarket(market);
    exchange.watchAccount(account);
    onTestFinished(() => exchange.close());
    const all = () => Math.min(...Object.values(heard), accountConnected);
    await expect.poll(all).toBeGreaterThan(0);
    await exchange.rules();
    await exchange.place({
      symbol: 'BTCUSDT',
      side: 'buy',
      price: decimal('900000'),
      quantity: decimal('0.001'),
      clientOrderId: 'heard',
    });
    await expect.poll(() => orders.at(-1)).toMatchObject({ clientOrderId: 'heard', status: 'filled' });
    const response = { connected: heard.connected, account: accountConnected };
    // As `POST /simulator/faults {kind: disconnect}` does.
    simulator.disconnect();
    await expect
      .poll(() => heard.connected > response.connected && accountConnected > response.account, {
        timeout: 10_000,
      })
      .toBe(true);
    const before = heard.depth;
    await expect.poll(() => heard.depth).toBeGreaterThan(before);
  });
});
