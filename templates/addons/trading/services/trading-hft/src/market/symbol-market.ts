import { BookSync } from '@stack/trading/book-sync';

/** What is known of one symbol's market now. */
export class SymbolMarket {
  readonly symbol: string;
  readonly depth = new BookSync();
  /** Of the last trade. */
  last: number | undefined;
  /** When anything was heard of it, by `performance.now()`. */
  heardAt = Number.NEGATIVE_INFINITY;
  /** A snapshot is being asked for. */
  asking = false;
  resyncs = 0;

  constructor(symbol: string) {
    this.symbol = symbol;
  }

  /** Half way between the best prices; `undefined` while the book is not in step with the exchange. */
  get middle(): number | undefined {
    return this.depth.synced ? this.depth.book.middle() : undefined;
  }

  /** What one would pay or get now; the last price where the book does not say. */
  get mark(): number | undefined {
    return this.middle ?? this.last;
  }
}
