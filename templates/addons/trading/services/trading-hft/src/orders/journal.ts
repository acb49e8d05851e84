import type { Database } from '@stack/runtime/database';
import type { Span } from '@stack/runtime/tracing';
import { decimal, plain } from '@stack/trading/decimal';
import type { Position } from '@stack/trading/position';
import type { FillReport, OrderReport } from '../exchange/exchange.ts';
import type { JournalOrder } from './order.ts';
import {
  type Assets,
  fillValues,
  knownSignal,
  type OrderRow,
  orderOf,
  orderValues,
  type PositionRow,
  positionOf,
  positionValues,
} from './rows.ts';

/** A signal that is taken up, and what becomes of it. */
export interface SignalRow {
  signalId: string;
  eventId: string;
  correlationId: string;
  symbol: string;
  side: 'buy' | 'sell';
  strategy: string;
  action: 'buy' | 'sell' | 'hold';
  confidence: number;
  price: string;
  quantity: string;
  outcome: 'ordered' | 'refused' | 'ignored';
  reason: string;
}

/** A fill that was not known before, with what it realised. */
export interface BookedFill extends FillReport {
  realised: string;
}

/** The schema hft_trading. What it has said is done is on the disk; every method rejects while the database is away. */
export interface Journal {
  /**
   * Writes down what becomes of a signal, with its order where there is one, before anything is sent.
   *
   * @returns what became of it before, for one that came again: then nothing is written
   */
  takeUp(
    signal: SignalRow,
    order: JournalOrder | undefined,
  ): Promise<(SignalRow & { clientOrderId: string | undefined }) | undefined>;
  /** The order that replaces another one. */
  addOrder(order: JournalOrder): Promise<void>;
  /** What is known of the order now; never from done back to open. */
  setStatus(
    clientOrderId: string,
    status: JournalOrder['status'],
    reason?: string,
    span?: Span,
  ): Promise<void>;
  /**
   * Writes the report down: fills that are new, the position with them, and the order, together or not at all. The position
   * is taken from the database: whether an earlier try was written down is not always known here.
   *
   * @returns the new fills, the position and the order as they are then; `undefined` for an order that is not ours
   */
  book(
    report: OrderReport,
    assets: Assets,
  ): Promise<{ fills: BookedFill[]; position: Position; order: JournalOrder } | undefined>;
  /** Orders of which something may still come. */
  undone(): Promise<JournalOrder[]>;
  /** What is held of each of them. */
  positions(assets: readonly Assets[]): Promise<Position[]>;
  /** How many orders were written down since that moment, in milliseconds. */
  ordersSince(time: number): Promise<number>;
  signals(filter: ListFilter, span?: Span): Promise<Record<string, unknown>[]>;
  orders(filter: ListFilter & { status?: string }, span?: Span): Promise<Record<string, unknown>[]>;
  fills(filter: ListFilter, span?: Span): Promise<Record<string, unknown>[]>;
  addEquity(realised: string, unrealised: string): Promise<void>;
  /** What realised and unrealised were first written since that moment. */
  equitySince(time: number): Promise<{ realised: string; unrealised: string } | undefined>;
}

export interface ListFilter {
  symbol?: string;
  correlation_id?: string;
  limit: number;
}

const ADD_SIGNAL = `
  insert into hft_trading.signals
    (signal_id, venue, event_id, correlation_id, symbol, side, strategy, action, confidence, price, quantity, outcome, reason)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
  on conflict do nothing`;

const ADD_ORDER = `
  insert into hft_trading.orders
    (client_order_id, venue, signal_id, attempt, correlation_id, symbol, side, price, quantity, status, created_at, expires_at)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`;

const KNOWN_SIGNAL = `
  select s.*, o.client_order_id from hft_trading.signals s
  left join hft_trading.orders o on o.signal_id = s.signal_id and o.attempt = 0
  where s.signal_id = $1`;

/** What is over stays over, whatever comes late. */
const SET_STATUS = `
  update hft_trading.orders set status = $2, reason = coalesce($3, reason), updated_at = now()
  where client_order_id = $1 and status in ('pending', 'unknown', 'open')`;

const BOOK_ORDER = `
  update hft_trading.orders set
    executed = greatest(executed, $2),
    booked = booked + $3,
    status = case when status in ('pending', 'unknown', 'open', 'not_placed') then $4 else status end,
    exchange_order_id = $5,
    updated_at = now()
  where client_order_id = $1 returning *`;

const ADD_FILL = `
  insert into hft_trading.fills
    (venue, symbol, trade_id, client_order_id, correlation_id, side, price, quantity, commission, commission_asset, realised, traded_at)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`;

const SET_POSITION = `
  insert into hft_trading.positions (venue, symbol, quantity, cost, realised, lots, other_fees)
  values ($1, $2, $3, $4, $5, $6, $7)
  on conflict (venue, symbol) do update set quantity = excluded.quantity, cost = excluded.cost,
    realised = excluded.realised, lots = excluded.lots, other_fees = excluded.other_fees, updated_at = now()`;

const READ_POSITIONS =
  'select symbol, realised, lots, other_fees from hft_trading.positions where venue = $1';

export function openJournal(database: Database, venue: string): Journal {
  const list = async (
    table: string,
    time: string,
    { limit, ...filter }: ListFilter & { status?: string },
    span?: Span,
  ) => {
    const fields = Object.entries(filter).filter(([, value]) => value !== undefined);
    const conditions = fields.map(([name], index) => `and ${name} = $${index + 3}`).join(' ');
    const { rows } = await database.query<Record<string, unknown>>({
      name: `list ${table} ${fields.map(([name]) => name).join(' ')}`,
      text: `select * from hft_trading.${table} where venue = $1 ${conditions} order by ${time} desc limit $2`,
      values: [venue, limit, ...fields.map(([, value]) => value)],
      span,
    });
    return rows.map(({ venue: _, ...row }) => row);
  };

  return {
    async takeUp(signal, order) {
      const values = [
        signal.signalId,
        venue,
        signal.eventId,
        signal.correlationId,
        signal.symbol,
        signal.side,
        signal.strategy,
        signal.action,
        signal.confidence,
        signal.price,
        signal.quantity,
        signal.outcome,
        signal.reason,
      ];
      return transaction(database, async (query) => {
        const { rowCount } = await query(ADD_SIGNAL, values);
        if (rowCount === 0) return knownSignal((await query(KNOWN_SIGNAL, [signal.signalId])).rows[0]);
        if (order !== undefined) await query(ADD_ORDER, orderValues(order, venue));
        return undefined;
      });
    },

    async addOrder(order) {
      await database.query({ name: 'add an order', text: ADD_ORDER, values: orderValues(order, venue) });
    },

    async setStatus(clientOrderId, status, reason, span) {
      await database.query({
        name: 'note what became of an order',
        text: SET_STATUS,
        values: [clientOrderId, status, reason ?? null],
        span,
      });
    },

    async book(report, assets) {
      return transaction(database, async (query) => {
        const found = await query(
          'select * from hft_trading.orders where client_order_id = $1 and venue = $2 for update',
          [report.clientOrderId, venue],
        );
        const row = found.rows[0] as unknown as OrderRow | undefined;
        if (row === undefined) return undefined;
        const known = await query(
          'select trade_id from hft_trading.fills where venue = $1 and symbol = $2 and trade_id = any($3)',
          [venue, report.symbol, report.fills.map(({ tradeId }) => tradeId)],
        );
        const before = new Set(known.rows.map(({ trade_id }) => Number(trade_id)));
        const fills: BookedFill[] = [];
        const held = await query(`${READ_POSITIONS} and symbol = $2 for update`, [venue, report.symbol]);
        const next = positionOf(assets, held.rows[0] as unknown as PositionRow | undefined);
        let booked = decimal('0');
        for (const fill of report.fills) {
          if (before.has(fill.tradeId)) continue;
          before.add(fill.tradeId);
          const realised = next.realised;
          next.apply(fill);
          booked = booked.plus(fill.quantity);
          fills.push({ ...fill, realised: plain(next.realised.minus(realised)) });
        }
        for (const fill of fills) await query(ADD_FILL, fillValues(fill, report, row, venue));
        if (fills.length > 0) await query(SET_POSITION, positionValues(next, venue));
        const updated = await query(BOOK_ORDER, [
          report.clientOrderId,
          plain(report.executed),
          plain(booked),
          report.status,
          report.exchangeOrderId,
        ]);
        return { fills, position: next, order: orderOf(updated.rows[0] as unknown as OrderRow) };
      });
    },

    async undone() {
      const { rows } = await database.query<OrderRow>({
        name: 'find orders of which something may come',
        text: `select * from hft_trading.orders where venue = $1
          and (status in ('pending', 'unknown', 'open') or booked < executed) order by created_at`,
        values: [venue],
      });
      return rows.map(orderOf);
    },

    async positions(assets) {
      const { rows } = await database.query<PositionRow>({
        name: 'read the positions',
        text: READ_POSITIONS,
        values: [venue],
      });
      return assets.map((each) =>
        positionOf(
          each,
          rows.find(({ symbol }) => symbol === each.symbol),
        ),
      );
    },

    async ordersSince(time) {
      const { rows } = await database.query<{ count: string }>({
        name: 'count the orders of the day',
        text: 'select count(*) from hft_trading.orders where venue = $1 and created_at >= $2',
        values: [venue, new Date(time)],
      });
      return Number(rows[0]?.count ?? 0);
    },

    signals: (filter, span) => list('signals', 'created_at', filter, span),
    orders: (filter, span) => list('orders', 'created_at', filter, span),
    fills: (filter, span) => list('fills', 'traded_at', filter, span),

    async addEquity(realised, unrealised) {
      await database.query({
        name: 'note what all is worth',
        text: 'insert into hft_trading.equity (venue, realised, unrealised) values ($1, $2, $3) on conflict do nothing',
        values: [venue, realised, unrealised],
      });
    },

    async equitySince(time) {
      const { rows } = await database.query<{ realised: string; unrealised: string }>({
        name: 'read what all was worth',
        text: 'select realised, unrealised from hft_trading.equity where venue = $1 and at >= $2 order by at limit 1',
        values: [venue, new Date(time)],
      });
      return rows[0];
    },
  };
}

type SqlQuery = (
  text: string,
  values: readonly unknown[],
) => Promise<{ rows: Record<string, unknown>[]; rowCount: number | null }>;

/** Everything or nothing. A connection that cannot even roll back is thrown away. */
async function transaction<Result>(
  { pool }: Database,
  work: (query: SqlQuery) => Promise<Result>,
): Promise<Result> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    await client.query('begin');
    const result = await work((text, values) => client.query(text, [...values]));
    await client.query('commit');
    return result;
  } catch (error) {
    await client.query('rollback').catch((failure: Error) => {
      broken = failure;
    });
    throw error;
  } finally {
    client.release(broken);
  }
}
