import { decimal, plain } from '@stack/trading/decimal';
import type { Filters } from '@stack/trading/filters';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type Exchange, OrderRejected, type OrderToPlace } from '../../src/exchange/exchange.ts';

/** What every exchange must do, whoever is behind it. `prices` are far below and far above the market. */
export function exchangeConformance(
  name: string,
  open: () => Promise<{ exchange: Exchange; rests: boolean; low: string; high: string }>,
  { symbol = 'BTCUSDT', lot = '0.001' } = {},
): void {
  const opened = async () => {
    const made = await open();
    onTestFinished(() => made.exchange.close());
    return made;
  };
  const order = (changes: Partial<OrderToPlace> = {}): OrderToPlace => ({
    symbol,
    side: 'buy',
    price: decimal('100'),
    quantity: decimal(lot),
    clientOrderId: `test-${crypto.randomUUID().slice(0, 20)}`,
    ...changes,
  });

  describe(`${name}: an exchange`, () => {
    test('says who it is, and what orders it takes', async () => {
      const { exchange } = await opened();
      const { venue, filters } = await exchange.rules();
      expect(venue).toMatch(/\S/);
      const { tickSize, stepSize, minNotional, quoteAsset } = filters.get(symbol) as Filters;
      expect([tickSize, stepSize, minNotional].every((value) => value.gt('0'))).toBe(true);
      expect(quoteAsset).toBe('USDT');
      expect(Math.abs(exchange.now() - Date.now())).toBeLessThan(5_000);
    });

    test('has a book, and candles that are over', async () => {
      const { exchange } = await opened();
      const { bids, asks } = await exchange.depth(symbol);
      expect(Number(bids[0]?.[0])).toBeLessThan(Number(asks[0]?.[0]));
      const candles = await exchange.candles(symbol);
      expect(candles.length).toBeGreaterThan(100);
      expect(candles.every(({ closeTime }) => closeTime < exchange.now())).toBe(true);
      const from = candles.at(-10)?.openTime ?? 0;
      expect((await exchange.candles(symbol, from))[0]?.openTime).toBe(from);
    });

    test('fills an order, and tells of it again: what it is, and its fills', async () => {
      const { exchange, high } = await opened();
      await exchange.rules();
      const wanted = order({ price: decimal(high) });
      const report = await exchange.place(wanted);
      expect(report).toMatchObject({ clientOrderId: wanted.clientOrderId, status: 'filled' });
      expect(plain(report.executed)).toBe(lot);
      const sum = report.fills.reduce((total, { quantity }) => total.plus(quantity), decimal('0'));
      expect(plain(sum)).toBe(lot);
      expect(
        report.fills.every(
          ({ side, commission, commissionAsset }) =>
            side === 'buy' && commission.gt('0') && commissionAsset !== '',
        ),
      ).toBe(true);
      expect(await exchange.order(symbol, wanted.clientOrderId)).toMatchObject({
        status: 'filled',
        exchangeOrderId: report.exchangeOrderId,
      });
      const fills = await exchange.fills(symbol, report.exchangeOrderId);
      expect(fills.map(({ tradeId }) => tradeId)).toEqual(report.fills.map(({ tradeId }) => tradeId));
    });

    test('does not know an order that was never placed, and cancels none', async () => {
      const { exchange } = await opened();
      expect(await exchange.order(symbol, 'never')).toBeUndefined();
      await expect(exchange.cancel(symbol, 'never')).rejects.toThrow(OrderRejected);
    });

    test('an order that nobody takes waits until it is cancelled, or is over at once', async () => {
      const { exchange, low, rests } = await opened();
      await exchange.rules();
      const wanted = order({ price: decimal(low), quantity: decimal(lot).times('10') });
      const report = await exchange.place(wanted);
      expect(report).toMatchObject({ status: rests ? 'open' : 'expired', fills: [] });
      expect(await exchange.order(symbol, wanted.clientOrderId)).toMatchObject({
        status: rests ? 'open' : 'expired',
      });
      if (!rests) return;
      expect(await exchange.cancel(symbol, wanted.clientOrderId)).toMatchObject({ status: 'cancelled' });
      await expect(exchange.cancel(symbol, wanted.clientOrderId)).rejects.toThrow(OrderRejected);
    });
  });
}
