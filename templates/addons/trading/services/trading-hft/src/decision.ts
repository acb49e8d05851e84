import type { Span } from '@stack/runtime/tracing';
import type { Indicators } from '@stack/trading/desk';
import type { OrderSide } from '@stack/trading/order';

/** A trade that somebody considers: the strategy, or a person. */
export interface Considered {
  symbol: string;
  side: OrderSide;
  strategy: string;
  indicators: Indicators | undefined;
  correlationId: string;
  /** The same id gets the same signal, and so at most one order. */
  eventId: string;
  /** When the decision fell, by `performance.now()`. */
  decidedAt: number;
  /** What it is considered for: the spans of what follows lie below that one. */
  span?: Span | undefined;
}

/** What became of it. */
export interface Decision {
  signal_id: string | null;
  action: 'buy' | 'sell' | 'hold' | null;
  outcome: 'ordered' | 'refused' | 'ignored' | 'no_signal';
  reason: string;
  client_order_id: string | null;
  /** The signal came again: this became of it the first time. */
  duplicate: boolean;
}
