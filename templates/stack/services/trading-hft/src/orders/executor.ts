import type { Log } from '@stack/runtime/logging';
import { type Exchange, OrderRejected, type OrderReport, RECEIVE_WINDOW_MS } from '../exchange/exchange.ts';
import type { Journal } from './journal.ts';
import type { Ledger } from './ledger.ts';
import { isOpen, type JournalOrder } from './order.ts';

/** An order that was written down longer ago is not sent any more: its price is of another time. */
const SEND_WITHIN_MS = 2_000;
/** How far two clocks may be apart. */
const CLOCKS_MS = 1_000;

/** Until when the exchange may still take an order that is written down now. */
export function expiryOf(createdAt: number): number {
  return createdAt + SEND_WITHIN_MS + RECEIVE_WINDOW_MS + CLOCKS_MS;
}

export interface ExecutorOptions {
  exchange: Exchange;
  journal: Journal;
  ledger: Ledger;
  log: Log;
  /** An order was cancelled with something left of it. */
  onRest(order: JournalOrder): void;
}

/**
 * Sends orders that stand in the journal, and finds out what became of them. No order is ever sent twice: what is not known
 * is asked for, and after its window it is known that the exchange does not have it.
 */
export class Executor {
  readonly #options: ExecutorOptions;
  /** Orders that are being sent, cancelled or asked for at this moment. */
  readonly #busy = new Set<string>();

  constructor(options: ExecutorOptions) {
    this.#options = options;
  }

  /** Resolves when it is known, and written down, what the exchange said. */
  async send(order: JournalOrder): Promise<void> {
    const { exchange, ledger, log } = this.#options;
    this.#busy.add(order.clientOrderId);
    ledger.add(order);
    try {
      if (exchange.now() > order.createdAt + SEND_WITHIN_MS)
        return await ledger.note(order, 'not_placed', 'writing it down took too long');
      const { symbol, side, price, quantity, clientOrderId } = order;
      const report = await exchange
        .place({ symbol, side, price, quantity, clientOrderId })
        .catch((error: unknown) => {
          const reason = error instanceof Error ? error.message : String(error);
          const rejected = error instanceof OrderRejected;
          log
            .correlated(order.correlationId)
            [rejected ? 'info' : 'warn'](
              rejected ? 'an order was rejected' : 'what became of an order is not known yet',
              {
                client_order_id: clientOrderId,
                reason,
              },
            );
          return ledger.note(order, rejected ? 'rejected' : 'unknown', reason);
        });
      if (report !== undefined) await this.#settle(report, order);
    } finally {
      this.#busy.delete(order.clientOrderId);
    }
  }

  /** Takes an order out of the book of the exchange. */
  async cancel(order: JournalOrder, isWanted: boolean): Promise<void> {
    if (this.#busy.has(order.clientOrderId)) return;
    const { exchange, ledger } = this.#options;
    this.#busy.add(order.clientOrderId);
    try {
      const report = await exchange.cancel(order.symbol, order.clientOrderId);
      await this.#settle(report, order);
      const rest = order.quantity.minus(report.executed);
      if (isWanted && report.status === 'cancelled' && rest.gt('0'))
        this.#options.onRest({ ...order, executed: report.executed });
    } catch (error) {
      // Filled or cancelled meanwhile: asking tells.
      if (error instanceof OrderRejected) await this.#ask(order);
      else if (order.status === 'open') await ledger.note(order, 'unknown', String((error as Error).message));
    } finally {
      this.#busy.delete(order.clientOrderId);
    }
  }

  /**
   * Asks the exchange about every order of which something may still come: after a start, after a lost connection, and now
   * and then.
   *
   * @returns how many are still not done
   */
  async reconcile(): Promise<number> {
    const { journal, ledger } = this.#options;
    const undone = await journal.undone();
    for (const order of undone) {
      if (this.#busy.has(order.clientOrderId)) continue;
      this.#busy.add(order.clientOrderId);
      try {
        if (!ledger.undone.has(order.clientOrderId)) ledger.add(order);
        await this.#ask(order);
      } finally {
        this.#busy.delete(order.clientOrderId);
      }
    }
    return ledger.undone.size;
  }

  /** Takes in what the account stream says. */
  async report(report: OrderReport): Promise<void> {
    await this.#options.ledger.book(report);
  }

  async #ask(order: JournalOrder): Promise<void> {
    const { exchange, ledger, log } = this.#options;
    const report = await exchange.order(order.symbol, order.clientOrderId);
    if (report !== undefined) return this.#settle(report, order);
    if (!isOpen(order.status) || exchange.now() <= order.expiresAt) return;
    log
      .correlated(order.correlationId)
      .warn('an order never reached the exchange', { client_order_id: order.clientOrderId });
    await ledger.note(order, 'not_placed', 'the exchange does not know it, and would not take it any more');
  }

  /** Books the report, with the fills that it did not bring along. */
  async #settle(report: OrderReport, { symbol, booked }: JournalOrder): Promise<void> {
    const { exchange, ledger } = this.#options;
    const brought = report.fills.reduce((sum, { quantity }) => sum.plus(quantity), booked.minus(booked));
    const complete = brought.gte(report.executed) || booked.gte(report.executed);
    const fills = complete ? report.fills : await exchange.fills(symbol, report.exchangeOrderId);
    await ledger.book({ ...report, fills });
  }
}
