import { type Decimal, decimal, floorTo, ofNumber, toNumber, ZERO } from '@stack/trading/decimal';
import type { Filters } from '@stack/trading/filters';
import type { OrderSide } from '@stack/trading/order';
import type { Feed } from './market/feed.ts';
import type { Ledger } from './orders/ledger.ts';

export interface PricingOptions {
  feed: Feed;
  ledger: Ledger;
  filters: ReadonlyMap<string, Filters>;
  /** What one order is worth, in the quote asset. */
  orderNotional: Decimal;
  /** How much worse than the best price an order may be filled, as a share. */
  slippage: Decimal;
}

/** At what price, and how much: what an order would be, by the book and the positions of this moment. */
export class Pricing {
  readonly #options: PricingOptions;

  constructor(options: PricingOptions) {
    this.#options = options;
  }

  /** Whether there is something that the exchange would take: fees in the base asset leave crumbs that it does not. */
  holds(symbol: string, price: number): boolean {
    const { ledger, filters } = this.#options;
    const held = ledger.positions.get(symbol)?.quantity;
    const least = filters.get(symbol);
    if (held === undefined || least === undefined || !held.gt(ZERO)) return false;
    return held.gte(least.minQuantity) && toNumber(held) * price >= toNumber(least.minNotional);
  }

  /** The best price of the other side, and what more may be paid; `undefined` while the book is not in step. */
  priceOf(symbol: string, side: OrderSide): Decimal | undefined {
    const market = this.#options.feed.markets.get(symbol);
    if (market === undefined || !market.depth.synced) return undefined;
    const best = side === 'buy' ? market.depth.book.asks.best() : market.depth.book.bids.best();
    if (best === undefined) return undefined;
    const { slippage } = this.#options;
    const factor = side === 'buy' ? slippage.plus('1') : decimal('1').minus(slippage);
    return ofNumber(best.price).times(factor);
  }

  /** A sale is of all that is held and not being sold yet. */
  quantityOf(symbol: string, side: OrderSide, price: Decimal): Decimal {
    const { ledger, orderNotional, filters } = this.#options;
    if (side === 'sell') return ledger.held(symbol).minus(ledger.open(symbol).selling);
    return floorTo(orderNotional.div(price), filters.get(symbol)?.stepSize ?? ZERO);
  }
}
