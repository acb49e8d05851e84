/** A candle; prices in the quote currency, times in milliseconds. */
export interface Candle {
  openTime: number;
  /** The last millisecond that belongs to it. */
  closeTime: number;
  open: number;
  high: number;
  low: number;
  close: number;
  /** In the base currency. */
  volume: number;
}

/** A trade of the market. */
export interface Tick {
  time: number;
  price: number;
  quantity: number;
}

/** Makes candles of trades. Intervals without a trade have none, as in Binance's files. */
export class CandleBuilder {
  readonly #intervalMs: number;
  #current: Candle | undefined;

  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs;
  }

  /** The candle that this trade shows to be over. One of an earlier interval counts to the one that is open. */
  add({ time, price, quantity }: Tick): Candle | undefined {
    const current = this.#current;
    if (current !== undefined && time <= current.closeTime) {
      if (price > current.high) current.high = price;
      if (price < current.low) current.low = price;
      current.close = price;
      current.volume += quantity;
      return undefined;
    }
    const openTime = time - (time % this.#intervalMs);
    const closeTime = openTime + this.#intervalMs - 1;
    this.#current = {
      openTime,
      closeTime,
      open: price,
      high: price,
      low: price,
      close: price,
      volume: quantity,
    };
    return current;
  }

  /** The one that is not over yet. */
  get current(): Candle | undefined {
    return this.#current;
  }
}
