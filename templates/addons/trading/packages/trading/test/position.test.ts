import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Decimal, decimal, plain, ZERO } from '../src/decimal.ts';
import type { Fill } from '../src/order.ts';
import { Position } from '../src/position.ts';

const text = (max: number) =>
  fc
    .tuple(fc.integer({ min: 1, max }), fc.integer({ min: 0, max: 8 }))
    .map(([digits, scale]) => decimal(String(digits)).div(decimal('10').pow(scale)));
const fill: fc.Arbitrary<Fill> = fc.record({
  tradeId: fc.nat(),
  side: fc.constantFrom('buy', 'sell'),
  price: text(10_000_000),
  quantity: text(1_000_000),
  commission: fc.oneof(fc.constant(ZERO), text(1_000)),
  commissionAsset: fc.constantFrom('BTC', 'USDT', 'BNB'),
});

const position = () => new Position('BTCUSDT', 'BTC', 'USDT');

test('realised + unrealised is what came in less what went out, plus what is held at the mark: to the last decimal', () => {
  fc.assert(
    fc.property(fc.array(fill, { maxLength: 30 }), text(1_000_000), (fills, mark) => {
      const held = position();
      let [money, quantity]: Decimal[] = [ZERO, ZERO];
      for (const each of fills) {
        held.apply(each);
        const worth = each.price.times(each.quantity);
        money = each.side === 'buy' ? (money as Decimal).minus(worth) : (money as Decimal).plus(worth);
        quantity =
          each.side === 'buy'
            ? (quantity as Decimal).plus(each.quantity)
            : (quantity as Decimal).minus(each.quantity);
        if (each.commissionAsset === 'USDT') money = money.minus(each.commission);
        if (each.commissionAsset === 'BTC') quantity = quantity.minus(each.commission);
      }
      expect(plain(held.quantity)).toBe(plain(quantity as Decimal));
      const worth = (money as Decimal).plus((quantity as Decimal).times(mark));
      expect(plain(held.realised.plus(held.unrealised(mark)))).toBe(plain(worth));
    }),
  );
});

test('is the same after it was kept', () => {
  fc.assert(
    fc.property(fc.array(fill, { maxLength: 20 }), (fills) => {
      const held = position();
      for (const each of fills) held.apply(each);
      const kept = Position.from(held, JSON.parse(JSON.stringify(held.toJSON())));
      expect(kept.toJSON()).toEqual(held.toJSON());
      expect(plain(kept.quantity)).toBe(plain(held.quantity));
    }),
  );
});

test('a sale closes the oldest lots first, by hand', () => {
  const held = position();
  const trade = (
    side: 'buy' | 'sell',
    quantity: string,
    price: string,
    commission = '0',
    commissionAsset = 'USDT',
  ) =>
    held.apply({
      tradeId: 1,
      side,
      price: decimal(price),
      quantity: decimal(quantity),
      commission: decimal(commission),
      commissionAsset,
    });
  trade('buy', '2', '100');
  trade('buy', '1', '130');
  trade('sell', '2.5', '120', '0.3');
  // 2 × 20 − 0.5 × 10 − 0.3
  expect(plain(held.realised)).toBe('34.7');
  expect(held.toJSON().lots).toEqual([{ quantity: '0.5', price: '130' }]);
  expect(plain(held.unrealised(decimal('140')))).toBe('5');
  // A fee in the base asset: half of what is held is gone for nothing.
  trade('buy', '0.5', '140', '0.5', 'BTC');
  expect(plain(held.realised)).toBe('-30.3');
  expect(plain(held.quantity)).toBe('0.5');
  trade('buy', '1', '10', '0.01', 'BNB');
  expect(held.toJSON().otherFees).toEqual({ BNB: '0.01' });
});
