import { createHash } from 'node:crypto';
import type { Decimal } from '@stack/trading/decimal';
import type { OrderSide } from '@stack/trading/order';
import type { ExchangeStatus } from '../exchange/exchange.ts';

/** `pending`: perhaps not sent; `unknown`: sent, and no answer came; `not_placed`: the exchange never got it. */
export type OrderStatus = ExchangeStatus | 'pending' | 'unknown' | 'not_placed';

/** An order as the journal has it. */
export interface JournalOrder {
  clientOrderId: string;
  signalId: string;
  attempt: number;
  correlationId: string;
  symbol: string;
  side: OrderSide;
  price: Decimal;
  quantity: Decimal;
  executed: Decimal;
  /** What of `executed` stands among the fills. */
  booked: Decimal;
  status: OrderStatus;
  reason: string | undefined;
  exchangeOrderId: number | undefined;
  /** In milliseconds. */
  createdAt: number;
  /** After this the exchange does not take it any more, in milliseconds. */
  expiresAt: number;
}

/** The one id that orders of this signal and attempt ever have: 36 characters at most, letters and digits and -. */
export function clientOrderIdOf(signalId: string, attempt: number): string {
  return `h${createHash('sha256').update(signalId).digest('hex').slice(0, 31)}-${attempt}`;
}

/** Whether something may still happen to it, or is not written down yet. */
export function isUndone({
  status,
  booked,
  executed,
}: Pick<JournalOrder, 'status' | 'booked' | 'executed'>): boolean {
  return isOpen(status) || booked.lt(executed);
}

/** Whether the exchange may have it in its book. */
export function isOpen(status: OrderStatus): boolean {
  return status === 'pending' || status === 'unknown' || status === 'open';
}
