import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decimal, plain } from '../src/decimal.ts';
import { filtersOf, fit } from '../src/filters.ts';

const filters = filtersOf({
  symbol: 'BTCUSDT',
  baseAsset: 'BTC',
  quoteAsset: 'USDT',
  filters: [
    {
      filterType: 'PRICE_FILTER',
      minPrice: '0.01000000',
      maxPrice: '1000000.00000000',
      tickSize: '0.01000000',
    },
    { filterType: 'LOT_SIZE', minQty: '0.00001000', maxQty: '9000.00000000', stepSize: '0.00001000' },
    { filterType: 'NOTIONAL', minNotional: '5.00000000' },
  ],
});

test('what fits is on a tick and in whole lots, and costs never more than was agreed', () => {
  const number = (max: number) =>
    fc
      .tuple(fc.integer({ min: 1, max }), fc.integer({ min: 0, max: 8 }))
      .map(([digits, scale]) => decimal(String(digits)).div(decimal('10').pow(scale)));
  fc.assert(
    fc.property(
      fc.constantFrom('buy' as const, 'sell' as const),
      number(10_000_000),
      number(10_000_000),
      (side, price, quantity) => {
        const fitted = fit({ symbol: 'BTCUSDT', side, price, quantity }, filters);
        if (!fitted.fits) return;
        expect(fitted.price.mod('0.01').eq('0') && fitted.quantity.mod('0.00001').eq('0')).toBe(true);
        expect(fitted.quantity.lte(quantity)).toBe(true);
        expect(side === 'buy' ? fitted.price.lte(price) : fitted.price.gte(price)).toBe(true);
        expect(fitted.price.times(fitted.quantity).gte('5')).toBe(true);
      },
    ),
  );
});

test.each([
  ['0.005', '1', 'the price 0 is below 0.01'],
  ['64250.1', '0.000009', 'the quantity 0 is below the smallest lot 0.00001'],
  ['64250.1', '0.00002', 'the order is worth 1.285002 USDT, less than the 5 that the exchange takes'],
  ['1000000.01', '1', 'the price 1000000.01 is above 1000000'],
  ['1', '9000.00001', 'the quantity 9000.00001 is above the largest lot 9000'],
])('an order at %s of %s is refused, with the reason', (price, quantity, reason) => {
  expect(
    fit({ symbol: 'BTCUSDT', side: 'buy', price: decimal(price), quantity: decimal(quantity) }, filters),
  ).toEqual({ fits: false, reason });
});

test('filters that an exchange does not have bind nobody', () => {
  const none = filtersOf({ symbol: 'ABC', baseAsset: 'A', quoteAsset: 'C', filters: [] });
  const fitted = fit(
    { symbol: 'ABC', side: 'buy', price: decimal('1.23456789'), quantity: decimal('0.1') },
    none,
  );
  expect(fitted.fits && plain(fitted.price)).toBe('1.23456789');
});
