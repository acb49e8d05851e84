import type { DepthDiff, DepthSnapshot } from '@stack/trading/book-sync';
import type { Candle, Tick } from '@stack/trading/candle';
import type { Decimal } from '@stack/trading/decimal';
import type { Filters } from '@stack/trading/filters';
import type { Fill, OrderSide } from '@stack/trading/order';

/** A limit order that rests until it is filled or cancelled. */
export interface OrderToPlace {
  symbol: string;
  side: OrderSide;
  price: Decimal;
  quantity: Decimal;
  /** At most 36 letters, digits, - and _; ours, so that the order is found again whatever happens. */
  clientOrderId: string;
}

export type ExchangeStatus = 'open' | 'filled' | 'cancelled' | 'rejected' | 'expired';

export interface FillReport extends Fill {
  /** In milliseconds. */
  time: number;
}

/** What the exchange says of an order. */
export interface OrderReport {
  symbol: string;
  clientOrderId: string;
  exchangeOrderId: number;
  status: ExchangeStatus;
  /** How much of it is filled in all. */
  executed: Decimal;
  /** Those that the message brought along; not always all. */
  fills: FillReport[];
}

/** The exchange said no: the order does not exist there. */
export class OrderRejected extends Error {
  override readonly name = 'OrderRejected';
}

/** No answer, or one that says nothing: the order may exist there or not. */
export class OutcomeUnknown extends Error {
  override readonly name = 'OutcomeUnknown';
}

export interface ExchangeRules {
  /** The account; what is written down belongs to it. */
  venue: string;
  filters: ReadonlyMap<string, Filters>;
  /** What the exchange allows; the limits of the service may be lower. */
  ordersIn10Seconds: number;
  ordersInADay: number;
}

export interface MarketListener {
  /** Streams begin, or begin again after a loss: what came between is not known. */
  onConnected(): void;
  onLost(reason: string): void;
  onTrade(symbol: string, tick: Tick): void;
  onBest(symbol: string, bid: number, ask: number): void;
  onDepth(symbol: string, diff: DepthDiff): void;
  /** @param closed whether the candle is over */
  onCandle(symbol: string, candle: Candle, closed: boolean): void;
}

export interface AccountListener {
  onConnected(): void;
  onLost(reason: string): void;
  onOrder(report: OrderReport): void;
}

/**
 * A spot exchange with one account. `place` and `cancel` tell apart what is known to have failed (`OrderRejected`) and what
 * may have happened (`OutcomeUnknown`); everything else rejects with any error.
 */
export interface Exchange {
  /** For people: `simulated exchange`, `Binance`. */
  readonly name: string;
  rules(): Promise<ExchangeRules>;
  depth(symbol: string): Promise<DepthSnapshot>;
  /** Candles that are over, oldest first, from that time on, in milliseconds; without it the last ones. */
  candles(symbol: string, from?: number): Promise<Candle[]>;
  watchMarket(listener: MarketListener): void;
  watchAccount(listener: AccountListener): void;
  /** @throws {OrderRejected} {OutcomeUnknown} */
  place(order: OrderToPlace): Promise<OrderReport>;
  /** @throws {OrderRejected} when it is not open; {OutcomeUnknown} */
  cancel(symbol: string, clientOrderId: string): Promise<OrderReport>;
  /** `undefined` when the exchange does not know it. */
  order(symbol: string, clientOrderId: string): Promise<OrderReport | undefined>;
  /** All fills of an order. */
  fills(symbol: string, exchangeOrderId: number): Promise<FillReport[]>;
  /** Why it takes no orders for now: a ban, or limits that are nearly used up. */
  barred(): string | undefined;
  /** What its clock shows, in milliseconds. */
  now(): number;
  close(): Promise<void>;
}

/** How long after it was sent an order may still be taken, in milliseconds. Shorter than Binance's 5,000: prices move. */
export const RECEIVE_WINDOW_MS = 3_000;
