import { reasonOf } from '@stack/runtime/errors';
import type { Log } from '@stack/runtime/logging';
import type { Span } from '@stack/runtime/tracing';
import { ZERO } from '@stack/trading/decimal';
import { type Exchange, OrderRejected, type OrderReport, RECEIVE_WINDOW_MS } from '../exchange/exchange.ts';
import type { TradingEvents } from '../trading-events.ts';
import type { Journal } from './journal.ts';
import type { Ledger } from './ledger.ts';
import { isOpen, type JournalOrder } from './order.ts';

/** An order that was written down longer ago is not sent any more: its price is of another time. */
const SEND_WITHIN_MS = 2_000;
/** The exchange is not asked more often while it does not answer, or bans us. */
const CANCEL_AGAIN_MS = 1_000;
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
  events: Pick<TradingEvents, 'rest'>;
}

/**
 * Sends orders that stand in the journal, and finds out what became of them. No order is ever sent twice: what is not known
 * is asked for, and after its window it is known that the exchange does not have it.
 *
 * Nobody waits for the database while he holds an order: what is open is cancelled in time while that is away, too.
 */
export class Executor {
  readonly #options: ExecutorOptions;
  /** Orders that the exchange is being told or asked something about at this moment. */
  readonly #held = new Set<string>();
  /** Orders that are over at the exchange, and wait to be written down. */
  readonly #over = new Set<string>();
  /** When the cancelling of an order that failed may be tried again, by `performance.now()`. */
  readonly #notBefore = new Map<string, number>();

  constructor(options: ExecutorOptions) {
    this.#options = options;
  }

  /** Resolves when it is known, and written down, what the exchange said. */
  async send(order: JournalOrder, span?: Span): Promise<void> {
    const { exchange, ledger, log } = this.#options;
    ledger.add(order);
    if (exchange.now() > order.createdAt + SEND_WITHIN_MS)
      return ledger.note(order, 'not_placed', 'writing it down took too long', span);
    const { symbol, side, price, quantity, clientOrderId } = order;
    let report: OrderReport;
    try {
      report = await this.#holding(order, async () =>
        this.#complete(await exchange.place({ symbol, side, price, quantity, clientOrderId }), order),
      );
    } catch (error) {
      const reason = reasonOf(error);
      const told = { client_order_id: clientOrderId, reason };
      if (error instanceof OrderRejected) {
        log.correlated(order.correlationId).info('an order was rejected', told);
        return ledger.note(order, 'rejected', reason, span);
      }
      log
        .correlated(order.correlationId)
        .warn('what became of an order is not known yet', { ...told, error });
      return ledger.note(order, 'unknown', reason, span);
    }
    await this.report(report, span);
  }

  /**
   * Takes an order out of the book of the exchange. When that cannot be told, it stays open here, and is cancelled again.
   *
   * @param isWanted what is left of it is to be ordered again
   */
  async cancel(order: JournalOrder, isWanted: boolean): Promise<void> {
    const { exchange } = this.#options;
    const { clientOrderId } = order;
    if (!this.#isFree(order) || performance.now() < (this.#notBefore.get(clientOrderId) ?? 0)) return;
    this.#notBefore.set(clientOrderId, performance.now() + CANCEL_AGAIN_MS);
    const report = await this.#holding(order, async () => {
      try {
        return await this.#complete(await exchange.cancel(order.symbol, order.clientOrderId), order);
      } catch (error) {
        if (!(error instanceof OrderRejected)) throw error;
        // Filled or cancelled meanwhile: asking tells.
        return await this.#ask(order);
      }
    });
    this.#notBefore.delete(clientOrderId);
    if (report === undefined) return;
    await this.report(report);
    if (isWanted && report.status === 'cancelled' && order.quantity.gt(report.executed))
      this.#options.events.rest({ ...order, executed: report.executed });
  }

  /**
   * Asks the exchange about every order of which something may still come: after a start, after a lost connection, and now
   * and then.
   */
  async reconcile(): Promise<void> {
    const { journal, ledger, exchange, log } = this.#options;
    for (const order of await journal.undone()) {
      if (!this.#isFree(order)) continue;
      if (!ledger.undone.has(order.clientOrderId)) ledger.add(order);
      const report = await this.#holding(order, () => this.#ask(order));
      if (report !== undefined) await this.report(report);
      else if (isOpen(order.status) && exchange.now() > order.expiresAt) {
        log
          .correlated(order.correlationId)
          .warn('an order never reached the exchange', { client_order_id: order.clientOrderId });
        const reason = 'the exchange does not know it, and would not take it any more';
        await ledger.note(order, 'not_placed', reason);
      }
    }
  }

  /** Takes in what the exchange says of an order. Resolves when it is written down. */
  async report(report: OrderReport, span?: Span): Promise<void> {
    const { clientOrderId, status } = report;
    if (status !== 'open') this.#over.add(clientOrderId);
    try {
      await this.#options.ledger.book(report, span);
    } finally {
      this.#over.delete(clientOrderId);
    }
  }

  #isFree({ clientOrderId }: JournalOrder): boolean {
    return !this.#held.has(clientOrderId) && !this.#over.has(clientOrderId);
  }

  async #holding<Result>({ clientOrderId }: JournalOrder, work: () => Promise<Result>): Promise<Result> {
    this.#held.add(clientOrderId);
    try {
      return await work();
    } finally {
      this.#held.delete(clientOrderId);
    }
  }

  async #ask(order: JournalOrder): Promise<OrderReport | undefined> {
    const report = await this.#options.exchange.order(order.symbol, order.clientOrderId);
    return report && this.#complete(report, order);
  }

  /** The report with the fills that it did not bring along. */
  async #complete(report: OrderReport, { symbol, booked }: JournalOrder): Promise<OrderReport> {
    const brought = report.fills.reduce((sum, { quantity }) => sum.plus(quantity), ZERO);
    if (brought.gte(report.executed) || booked.gte(report.executed)) return report;
    return { ...report, fills: await this.#options.exchange.fills(symbol, report.exchangeOrderId) };
  }
}
