import type { ComplexVector } from '@stack/analysis/state';
import type { Signal, TradingAnalysisRequest } from '@stack/contracts/trading';
import type { Database } from '@stack/runtime/database';
import type { Span } from '@stack/runtime/tracing';
import { fromColumn, toColumn } from '../vectors.ts';

/** The table qcs_quantum.signals. Every method rejects when the database is away. */
export interface Signals {
  /** What was said to this event before. */
  find(eventId: string, span?: Span): Promise<Signal | undefined>;
  /** The looks at the symbol in this mode before that moment, oldest first, at most so many. */
  looks(request: TradingAnalysisRequest, most: number, span?: Span): Promise<ComplexVector[]>;
  /** Adds a row. `false` when the event has one already; that one stays as it is. */
  add(
    row: {
      eventId: string;
      correlationId: string;
      request: TradingAnalysisRequest;
      signal: Signal;
      vector: ComplexVector;
    },
    span?: Span,
  ): Promise<boolean>;
}

const LOOKS = `
  select vector from (
    select observed_at, id, vector from qcs_quantum.signals
    where symbol = $1 and mode = $2 and observed_at < $3 order by observed_at desc, id desc limit $4
  ) as last order by observed_at, id`;

const ADD = `
  insert into qcs_quantum.signals
    (event_id, correlation_id, signal_id, symbol, mode, action, confidence, request, signal, vector, observed_at)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
  on conflict do nothing`;

export function openSignals(database: Database): Signals {
  return {
    async find(eventId, span) {
      const { rows } = await database.query<{ signal: Signal }>({
        name: 'find a signal',
        text: 'select signal from qcs_quantum.signals where event_id = $1',
        values: [eventId],
        span,
      });
      return rows[0]?.signal;
    },
    async looks({ symbol, mode, observed_at }, most, span) {
      const { rows } = await database.query<{ vector: number[] }>({
        name: 'recall looks at a symbol',
        text: LOOKS,
        values: [symbol, mode, observed_at, most],
        span,
      });
      return rows.map(({ vector }) => fromColumn(vector));
    },
    async add({ eventId, correlationId, request, signal, vector }, span) {
      const { rowCount } = await database.query({
        name: 'add a signal',
        text: ADD,
        values: [
          eventId,
          correlationId,
          signal.signal_id,
          signal.symbol,
          request.mode,
          signal.action,
          signal.confidence,
          JSON.stringify(request),
          JSON.stringify(signal),
          toColumn(vector),
          request.observed_at,
        ],
        span,
      });
      return rowCount === 1;
    },
  };
}
