import { DESTINATIONS } from '@stack/contracts/events';
import { webUiUpdate } from '@stack/contracts/platform';
import type { Bus } from '@stack/runtime/bus';
import type { Log } from '@stack/runtime/logging';
import type { Cache } from '@stack/runtime/redis';
import { type Span, traceparentOf } from '@stack/runtime/tracing';
import { ofNumber, plain } from '@stack/trading/decimal';
import type { Position } from '@stack/trading/position';
import type { Feed } from './market/feed.ts';
import type { Ledger } from './orders/ledger.ts';

/** Tells others what is held: in Redis for whoever looks, as an event for whoever listens. */
export interface PositionNews {
  changed(position: Position, correlationId: string, span?: Span): void;
  /** Writes all of them to Redis again. */
  allChanged(): void;
}

/** A position as it is told: decimal numbers in text. */
export interface PositionDocument {
  symbol: string;
  quantity: string;
  /** What the lots have cost. */
  cost: string;
  realised: string;
  /** By the middle of the book; `null` while nothing is known of the market. */
  unrealised: string | null;
  mark: string | null;
  quote_asset: string;
  /** Fees in other assets, which no profit has in it. */
  other_fees: Record<string, string>;
}

export function positionDocument(position: Position, feed: Feed): PositionDocument {
  const mark = feed.markets.get(position.symbol)?.mark;
  return {
    symbol: position.symbol,
    quantity: plain(position.quantity),
    cost: plain(position.cost),
    realised: plain(position.realised),
    unrealised: mark === undefined ? null : plain(position.unrealised(ofNumber(mark))),
    mark: mark === undefined ? null : String(mark),
    quote_asset: position.quoteAsset,
    other_fees: Object.fromEntries([...position.otherFees].map(([asset, fee]) => [asset, plain(fee)])),
  };
}

/** Redis holds copies only: lost ones are written again from what PostgreSQL has, when Redis is back and now and then. */
export function tellPositions(options: {
  cache: Cache;
  bus: Bus;
  service: string;
  log: Log;
  ledger: Ledger;
  feed: Feed;
}): PositionNews {
  const { cache, bus, service, log } = options;
  const write = (position: Position, span?: Span) => {
    const { other_fees, ...document } = positionDocument(position, options.feed);
    const fields = Object.entries(document).flatMap(([name, value]) => [name, value ?? '']);
    cache
      .commandIn(span)(
        'hset',
        `hft:positions:${position.symbol}`,
        ...fields,
        'updated_at',
        new Date().toISOString(),
      )
      .catch((error: unknown) => log.debug('could not copy a position to the cache', { error }));
  };
  const allChanged = () => {
    for (const position of options.ledger.positions.values()) write(position);
  };
  cache.onReady(() => {
    // The first time it may be ready before anything else is.
    queueMicrotask(allChanged);
  });

  return {
    changed(position, correlationId, span) {
      write(position, span);
      const { symbol, ...patch } = positionDocument(position, options.feed);
      const event = webUiUpdate.create(
        { topic: 'positions', subject: symbol, patch },
        { source: service, correlationid: correlationId, traceparent: traceparentOf(span) },
      );
      bus
        .publish(webUiUpdate, event, DESTINATIONS.web_ui_update)
        .catch((error: unknown) =>
          log.correlated(correlationId).debug('could not tell of a position', { error }),
        );
    },
    allChanged,
  };
}
