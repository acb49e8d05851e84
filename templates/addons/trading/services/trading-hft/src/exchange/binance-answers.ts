import type { Candle } from '@stack/trading/candle';
import { decimal } from '@stack/trading/decimal';
import type { ExchangeStatus, FillReport, OrderReport } from './exchange.ts';

// What Binance answers, as far as it is read, and what it means here.

/** https://developers.binance.com/docs/binance-spot-api-docs/enums */
const STATUSES: Record<string, ExchangeStatus> = {
  NEW: 'open',
  PENDING_NEW: 'open',
  PARTIALLY_FILLED: 'open',
  PENDING_CANCEL: 'open',
  FILLED: 'filled',
  CANCELED: 'cancelled',
  REJECTED: 'rejected',
  EXPIRED: 'expired',
  EXPIRED_IN_MATCH: 'expired',
};

export function statusOf(text: string): ExchangeStatus {
  const status = STATUSES[text];
  if (status === undefined) throw new Error(`the exchange reports a status that is not known: ${text}`);
  return status;
}

export interface RawOrder {
  symbol: string;
  orderId: number;
  clientOrderId: string;
  origClientOrderId?: string;
  status: string;
  executedQty: string;
}

export interface RawFill {
  price: string;
  qty: string;
  commission: string;
  commissionAsset: string;
  tradeId: number;
}

export interface RawTrade {
  id: number;
  price: string;
  qty: string;
  commission: string;
  commissionAsset: string;
  isBuyer: boolean;
  time: number;
}

export function reportOf(raw: RawOrder, clientOrderId = raw.clientOrderId): OrderReport {
  return {
    symbol: raw.symbol,
    clientOrderId,
    exchangeOrderId: raw.orderId,
    status: statusOf(raw.status),
    executed: decimal(raw.executedQty),
    fills: [],
  };
}

export function placedOf(
  raw: RawOrder & { fills?: RawFill[]; transactTime?: number },
  side: 'buy' | 'sell',
): OrderReport {
  return {
    ...reportOf(raw),
    fills: (raw.fills ?? []).map((fill) => ({
      tradeId: fill.tradeId,
      side,
      price: decimal(fill.price),
      quantity: decimal(fill.qty),
      commission: decimal(fill.commission),
      commissionAsset: fill.commissionAsset,
      time: raw.transactTime ?? Date.now(),
    })),
  };
}

export function fillOfTrade(trade: RawTrade): FillReport {
  return {
    tradeId: trade.id,
    side: trade.isBuyer ? 'buy' : 'sell',
    price: decimal(trade.price),
    quantity: decimal(trade.qty),
    commission: decimal(trade.commission),
    commissionAsset: trade.commissionAsset,
    time: trade.time,
  };
}

export function candleOfRow([openTime, open, high, low, close, volume, closeTime]: [
  number,
  string,
  string,
  string,
  string,
  string,
  number,
]): Candle {
  return {
    openTime,
    closeTime,
    open: Number(open),
    high: Number(high),
    low: Number(low),
    close: Number(close),
    volume: Number(volume),
  };
}
