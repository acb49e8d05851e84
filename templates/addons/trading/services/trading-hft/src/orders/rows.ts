import { decimal, plain } from '@stack/trading/decimal';
import { Position, type PositionState } from '@stack/trading/position';
import type { OrderReport } from '../exchange/exchange.ts';
import type { BookedFill, SignalRow } from './journal.ts';
import type { JournalOrder } from './order.ts';

// Rows of the schema hft_trading, and what they stand for.

export type Assets = Pick<Position, 'symbol' | 'baseAsset' | 'quoteAsset'>;

export interface PositionRow {
  symbol: string;
  realised: string;
  lots: PositionState['lots'];
  other_fees: PositionState['otherFees'];
}

export interface OrderRow {
  client_order_id: string;
  signal_id: string;
  attempt: number;
  correlation_id: string;
  symbol: string;
  side: 'buy' | 'sell';
  price: string;
  quantity: string;
  executed: string;
  booked: string;
  status: JournalOrder['status'];
  reason: string | null;
  exchange_order_id: string | null;
  created_at: Date;
  expires_at: Date;
}

export function orderValues(order: JournalOrder, venue: string): unknown[] {
  return [
    order.clientOrderId,
    venue,
    order.signalId,
    order.attempt,
    order.correlationId,
    order.symbol,
    order.side,
    plain(order.price),
    plain(order.quantity),
    order.status,
    new Date(order.createdAt),
    new Date(order.expiresAt),
  ];
}

export function fillValues(fill: BookedFill, report: OrderReport, order: OrderRow, venue: string): unknown[] {
  return [
    venue,
    report.symbol,
    fill.tradeId,
    report.clientOrderId,
    order.correlation_id,
    fill.side,
    plain(fill.price),
    plain(fill.quantity),
    plain(fill.commission),
    fill.commissionAsset,
    fill.realised,
    new Date(fill.time),
  ];
}

export function positionValues(position: Position, venue: string): unknown[] {
  const { lots, otherFees } = position.toJSON();
  return [
    venue,
    position.symbol,
    plain(position.quantity),
    plain(position.cost),
    plain(position.realised),
    JSON.stringify(lots),
    JSON.stringify(otherFees),
  ];
}

export function positionOf(assets: Assets, row: PositionRow | undefined): Position {
  return Position.from(
    assets,
    row === undefined
      ? { realised: '0', lots: [], otherFees: {} }
      : { realised: row.realised, lots: row.lots, otherFees: row.other_fees },
  );
}

export function orderOf(row: OrderRow): JournalOrder {
  return {
    clientOrderId: row.client_order_id,
    signalId: row.signal_id,
    attempt: row.attempt,
    correlationId: row.correlation_id,
    symbol: row.symbol,
    side: row.side,
    price: decimal(row.price),
    quantity: decimal(row.quantity),
    executed: decimal(row.executed),
    booked: decimal(row.booked),
    status: row.status,
    reason: row.reason ?? undefined,
    exchangeOrderId: row.exchange_order_id === null ? undefined : Number(row.exchange_order_id),
    createdAt: row.created_at.getTime(),
    expiresAt: row.expires_at.getTime(),
  };
}

export function knownSignal(
  row: Record<string, unknown> | undefined,
): (SignalRow & { clientOrderId: string | undefined }) | undefined {
  if (row === undefined) throw new Error('a signal is known and has no row');
  return {
    signalId: String(row.signal_id),
    eventId: String(row.event_id),
    correlationId: String(row.correlation_id),
    symbol: String(row.symbol),
    side: row.side as SignalRow['side'],
    strategy: String(row.strategy),
    action: row.action as SignalRow['action'],
    confidence: Number(row.confidence),
    price: String(row.price),
    quantity: String(row.quantity),
    outcome: row.outcome as SignalRow['outcome'],
    reason: String(row.reason),
    clientOrderId: row.client_order_id === null ? undefined : String(row.client_order_id),
  };
}
