import type { Span } from '@stack/runtime/tracing';
import type { Candle } from '@stack/trading/candle';
import type { Position } from '@stack/trading/position';
import type { Considered, Decision } from './decision.ts';
import type { BookedFill } from './orders/journal.ts';
import type { JournalOrder } from './orders/order.ts';

/** What happens while it trades. The part that notices it tells it here, and does not know who acts on it. */
export interface TradingEvents {
  /** A candle is over; each comes once, in order, also those that were missed while the connection was away. */
  candle(symbol: string, candle: Candle, heardAt: number): void;
  /** The connection that brings market data is there again. */
  marketDataBack(): void;
  /** What became of an order is written down, with the fills that are new. */
  booked(order: JournalOrder, fills: readonly BookedFill[], position: Position, span?: Span): void;
  /** An order was cancelled with something left of it. */
  rest(order: JournalOrder): void;
  decided(decision: Decision, considered: Considered): void;
}

/** Parts take `events` before those that act on them exist; `connect` is called once all stand, in the same turn. */
export function createEventPort(): { events: TradingEvents; connect(handlers: TradingEvents): void } {
  let handlers: TradingEvents | undefined;
  const connected = () => {
    if (handlers === undefined) throw new Error('an event came before the parts of trading were connected');
    return handlers;
  };
  return {
    events: {
      candle: (...given) => connected().candle(...given),
      marketDataBack: () => connected().marketDataBack(),
      booked: (...given) => connected().booked(...given),
      rest: (order) => connected().rest(order),
      decided: (...given) => connected().decided(...given),
    },
    connect(given) {
      handlers = given;
    },
  };
}
