import type { Decimal } from './decimal.ts';

export type OrderSide = 'buy' | 'sell';

/** What would be ordered, before the risk checks and the filters of the exchange. */
export interface Proposed {
  symbol: string;
  side: OrderSide;
  price: Decimal;
  /** In the base currency. */
  quantity: Decimal;
}

/** What the exchange took. */
export interface Fill {
  /** The exchange's, unique for the symbol. */
  tradeId: number;
  side: OrderSide;
  price: Decimal;
  quantity: Decimal;
  commission: Decimal;
  commissionAsset: string;
}
