import { reasonOf } from '@stack/runtime/errors';
import type { Log } from '@stack/runtime/logging';
import type { Span } from '@stack/runtime/tracing';
import { type Decimal, ofNumber, ZERO } from '@stack/trading/decimal';
import type { Filters } from '@stack/trading/filters';
import type { Position } from '@stack/trading/position';
import type { OrderReport } from '../exchange/exchange.ts';
import type { TradingEvents } from '../trading-events.ts';
import type { Journal } from './journal.ts';
import { isOpen, isUndone, type JournalOrder } from './order.ts';

export interface LedgerOptions {
  journal: Journal;
  filters: ReadonlyMap<string, Filters>;
  log: Log;
  events: Pick<TradingEvents, 'booked'>;
}

const AGAIN_MS = 500;

/**
 * What is held and ordered, in memory as it stands in the database: a report counts once it is written down. Reports are
 * booked one after the other; while the database is away they wait, and are booked when it is back.
 */
export class Ledger {
  readonly positions = new Map<string, Position>();
  /** Orders of which something may still come, by their id. */
  readonly undone = new Map<string, JournalOrder>();
  readonly #options: LedgerOptions;
  #last: Promise<unknown> = Promise.resolve();
  #unrecorded: string | undefined;
  #closed = false;

  constructor(options: LedgerOptions) {
    this.#options = options;
  }

  /** Reads what the database has; before this nothing may be ordered. */
  async load(): Promise<void> {
    const { journal, filters } = this.#options;
    for (const position of await journal.positions([...filters.values()]))
      this.positions.set(position.symbol, position);
    this.undone.clear();
    for (const order of await journal.undone()) this.undone.set(order.clientOrderId, order);
  }

  /** Why what happens could not be written down; `undefined` when it could. */
  get unrecorded(): string | undefined {
    return this.#unrecorded;
  }

  /** In the base asset; nothing before the database was read. */
  held(symbol: string): Decimal {
    return this.positions.get(symbol)?.quantity ?? ZERO;
  }

  /** Orders of the symbol that the exchange may have in its book. */
  open(symbol: string): { count: number; buying: Decimal; selling: Decimal } {
    let [count, buying, selling] = [0, ZERO, ZERO];
    for (const order of this.undone.values()) {
      if (order.symbol !== symbol || !isOpen(order.status)) continue;
      const rest = order.quantity.minus(order.executed);
      count += 1;
      if (order.side === 'buy') buying = buying.plus(rest);
      else selling = selling.plus(rest);
    }
    return { count, buying, selling };
  }

  /** An order that is in the journal and about to be sent. */
  add(order: JournalOrder): void {
    this.undone.set(order.clientOrderId, order);
  }

  /** What became of an order without a report: never placed, rejected, or nobody knows. */
  async note(
    order: JournalOrder,
    status: 'unknown' | 'rejected' | 'not_placed',
    reason: string,
    span?: Span,
  ): Promise<void> {
    this.#set({ ...order, status, reason });
    await this.#inTurn(() => this.#options.journal.setStatus(order.clientOrderId, status, reason, span));
  }

  /** Resolves when the report is written down, which may take as long as the database is away. */
  book(report: OrderReport, span?: Span): Promise<void> {
    return this.#inTurn(async () => {
      const position = this.positions.get(report.symbol);
      if (position === undefined) return;
      const booked = await this.#options.journal.book(report, position);
      if (booked === undefined) {
        this.#options.log.warn('the exchange reports an order that is not ours', {
          client_order_id: report.clientOrderId,
        });
        return;
      }
      this.positions.set(report.symbol, booked.position);
      this.#set(booked.order);
      this.#options.events.booked(booked.order, booked.fills, booked.position, span);
    });
  }

  /** What all is worth by the marks: realised and unrealised, in the quote asset. */
  worth(markOf: (symbol: string) => number | undefined): { realised: Decimal; unrealised: Decimal } {
    let [realised, unrealised] = [ZERO, ZERO];
    for (const [symbol, position] of this.positions) {
      realised = realised.plus(position.realised);
      const mark = markOf(symbol);
      if (mark !== undefined) unrealised = unrealised.plus(position.unrealised(ofNumber(mark)));
    }
    return { realised, unrealised };
  }

  close(): void {
    this.#closed = true;
  }

  #set(order: JournalOrder): void {
    if (isUndone(order)) this.undone.set(order.clientOrderId, order);
    else this.undone.delete(order.clientOrderId);
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.#last.then(() => this.#untilDone(work));
    this.#last = turn;
    return turn;
  }

  async #untilDone(work: () => Promise<void>): Promise<void> {
    for (;;) {
      try {
        await work();
        if (this.#unrecorded !== undefined) this.#options.log.info('what happened is written down again');
        this.#unrecorded = undefined;
        return;
      } catch (error) {
        if (this.#closed) throw error;
        if (this.#unrecorded === undefined)
          this.#options.log.error(
            'CANNOT WRITE DOWN WHAT HAPPENS: no new orders until the database is back',
            { error },
          );
        this.#unrecorded = `the database does not take what happened: ${reasonOf(error)}`;
        await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
      }
    }
  }
}
