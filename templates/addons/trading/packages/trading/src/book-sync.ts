import { Book } from './book.ts';

/** Price and quantity as Binance writes them. */
export type Row = readonly [price: string, quantity: string];

/** `depthUpdate` of the diff. depth stream. */
export interface DepthDiff {
  /** `U` and `u`: the first and last update id in it. */
  first: number;
  last: number;
  bids: readonly Row[];
  asks: readonly Row[];
}

/** The answer of `GET /api/v3/depth`. */
export interface DepthSnapshot {
  lastUpdateId: number;
  bids: readonly Row[];
  asks: readonly Row[];
}

/** What became of a diff: `gap` means that a new snapshot is needed. */
export type Applied = 'applied' | 'buffered' | 'ignored' | 'gap';

/** Diffs that wait for a snapshot; more than these are a sign that none comes. */
const MOST_BUFFERED = 10_000;

/**
 * Keeps a book as Binance documents it ("How to manage a local order book correctly",
 * https://developers.binance.com/docs/binance-spot-api-docs/web-socket-streams): diffs wait until a snapshot is there;
 * those that it contains are dropped; from then on each diff must follow the one before without a hole.
 */
export class BookSync {
  readonly book = new Book();
  #lastId: number | undefined;
  #waiting: DepthDiff[] = [];

  /** Whether the book is that of the exchange. */
  get synced(): boolean {
    return this.#lastId !== undefined;
  }

  diff(diff: DepthDiff): Applied {
    if (!areLevels([...diff.bids, ...diff.asks])) {
      // Without it the book is not that of the exchange.
      this.reset();
      return 'gap';
    }
    if (this.#lastId === undefined) {
      this.#waiting.push(diff);
      if (this.#waiting.length > MOST_BUFFERED) this.#waiting.shift();
      return 'buffered';
    }
    if (diff.last <= this.#lastId) return 'ignored';
    if (diff.first > this.#lastId + 1) {
      this.reset();
      this.#waiting.push(diff);
      return 'gap';
    }
    this.#apply(diff);
    return 'applied';
  }

  /** @returns false when it is older than the diffs that wait, or is no book: then another one is needed */
  snapshot({ lastUpdateId, bids, asks }: DepthSnapshot): boolean {
    if (!areLevels([...bids, ...asks])) return false;
    const waiting = this.#waiting.filter(({ last }) => last > lastUpdateId);
    const [next] = waiting;
    if (next !== undefined && next.first > lastUpdateId + 1) return false;
    this.book.clear();
    for (const [price, quantity] of bids) this.book.bids.set(Number(price), Number(quantity));
    for (const [price, quantity] of asks) this.book.asks.set(Number(price), Number(quantity));
    this.#lastId = lastUpdateId;
    this.#waiting = [];
    for (const diff of waiting) this.diff(diff);
    return this.synced;
  }

  /** The connection was lost, or the book cannot be right: what follows waits for a snapshot. */
  reset(): void {
    this.#lastId = undefined;
    this.#waiting = [];
    this.book.clear();
  }

  #apply({ last, bids, asks }: DepthDiff): void {
    const { book } = this;
    for (const [price, quantity] of bids) book.bids.set(Number(price), Number(quantity));
    for (const [price, quantity] of asks) book.asks.set(Number(price), Number(quantity));
    this.#lastId = last;
  }
}

/** What is computed with: one text that is no number would make the worth of everything none. */
function areLevels(rows: readonly Row[]): boolean {
  return rows.every(
    ([price, quantity]) => Number(price) > 0 && isAmount(Number(price)) && isAmount(Number(quantity)),
  );
}

function isAmount(value: number): boolean {
  return Number.isFinite(value) && value >= 0;
}
