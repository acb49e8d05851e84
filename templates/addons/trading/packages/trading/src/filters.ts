import { ceilTo, type Decimal, decimal, floorTo, plain, ZERO } from './decimal.ts';
import type { OrderSide, Proposed } from './order.ts';

/** The filters of a symbol that orders must pass (Binance, "Filters"); 0 means that a bound is not set. */
export interface Filters {
  symbol: string;
  baseAsset: string;
  quoteAsset: string;
  /** PRICE_FILTER */
  tickSize: Decimal;
  minPrice: Decimal;
  maxPrice: Decimal;
  /** LOT_SIZE */
  stepSize: Decimal;
  minQuantity: Decimal;
  maxQuantity: Decimal;
  /** NOTIONAL or MIN_NOTIONAL */
  minNotional: Decimal;
}

/** A symbol of `exchangeInfo`, as far as it is read. */
export interface ExchangeSymbol {
  symbol: string;
  baseAsset: string;
  quoteAsset: string;
  filters: readonly { filterType: string; [field: string]: unknown }[];
}

export function filtersOf({ symbol, baseAsset, quoteAsset, filters }: ExchangeSymbol): Filters {
  const field = (types: readonly string[], name: string): Decimal => {
    const filter = filters.find(({ filterType }) => types.includes(filterType));
    const value = filter?.[name];
    return typeof value === 'string' || typeof value === 'number' ? decimal(String(value)) : ZERO;
  };
  return {
    symbol,
    baseAsset,
    quoteAsset,
    tickSize: field(['PRICE_FILTER'], 'tickSize'),
    minPrice: field(['PRICE_FILTER'], 'minPrice'),
    maxPrice: field(['PRICE_FILTER'], 'maxPrice'),
    stepSize: field(['LOT_SIZE'], 'stepSize'),
    minQuantity: field(['LOT_SIZE'], 'minQty'),
    maxQuantity: field(['LOT_SIZE'], 'maxQty'),
    minNotional: field(['NOTIONAL', 'MIN_NOTIONAL'], 'minNotional'),
  };
}

export type Fitted = { fits: true; price: Decimal; quantity: Decimal } | { fits: false; reason: string };

/**
 * The order as the exchange takes it: the quantity rounded down to whole lots, the price to a whole tick on the side that
 * costs nothing more than what was agreed (a buy down, a sell up). What does not fit then is refused, never made larger.
 */
export function fit({ side, price, quantity }: Proposed, filters: Filters): Fitted {
  const fitted = { price: toTick(side, price, filters), quantity: floorTo(quantity, filters.stepSize) };
  const reason = misfit(fitted, filters);
  return reason === undefined ? { fits: true, ...fitted } : { fits: false, reason };
}

function toTick(side: OrderSide, price: Decimal, { tickSize }: Filters): Decimal {
  return side === 'buy' ? floorTo(price, tickSize) : ceilTo(price, tickSize);
}

function misfit(
  { price, quantity }: { price: Decimal; quantity: Decimal },
  filters: Filters,
): string | undefined {
  const { minPrice, maxPrice, minQuantity, maxQuantity, minNotional } = filters;
  if (price.lte(ZERO) || price.lt(minPrice)) return `the price ${plain(price)} is below ${plain(minPrice)}`;
  if (isSet(maxPrice) && price.gt(maxPrice)) return `the price ${plain(price)} is above ${plain(maxPrice)}`;
  if (quantity.lte(ZERO) || quantity.lt(minQuantity))
    return `the quantity ${plain(quantity)} is below the smallest lot ${plain(minQuantity)}`;
  if (isSet(maxQuantity) && quantity.gt(maxQuantity))
    return `the quantity ${plain(quantity)} is above the largest lot ${plain(maxQuantity)}`;
  const notional = price.times(quantity);
  if (notional.lt(minNotional))
    return `the order is worth ${plain(notional)} ${filters.quoteAsset}, less than the ${plain(minNotional)} that the exchange takes`;
  return undefined;
}

function isSet(bound: Decimal): boolean {
  return bound.gt(ZERO);
}
