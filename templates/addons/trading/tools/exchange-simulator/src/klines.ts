import type { Instrument } from './instrument.ts';
import type { Random } from './random.ts';

/** In ticks and lots. */
export interface Kline {
  openTime: number;
  open: number;
  high: number;
  low: number;
  close: number;
  volume: number;
  /** In hundred-millionths of the quote asset. */
  quoteVolume: bigint;
  takerBuyVolume: number;
  takerBuyQuoteVolume: bigint;
  trades: number;
}

/** Milliseconds, by the name that Binance gives the interval. */
export const INTERVALS: Readonly<Record<string, number>> = {
  '1s': 1_000,
  '1m': 60_000,
  '5m': 300_000,
};
/** As many as one request may ask for. */
const KEPT = 1_000;
/** Seconds of past that are there at the start. */
const PAST_SECONDS = 4 * 3_600;

/** The candles of one symbol in every interval. */
export class Klines {
  readonly #instrument: Instrument;
  readonly #series = Object.entries(INTERVALS).map(([interval, ms]) => ({
    interval,
    ms,
    klines: [] as Kline[],
  }));

  constructor(instrument: Instrument) {
    this.#instrument = instrument;
  }

  /**
   * A past that leads up to now, second by second: a random walk.
   *
   * @returns where the price stands at its end, in ticks
   */
  invent(random: Random, now: number, volatility: number): number {
    const end = now - (now % 1_000);
    let price = this.#instrument.start;
    for (let second = PAST_SECONDS; second > 0; second -= 1) {
      const time = end - second * 1_000;
      const volume = Math.max(1, Math.round(1_000 * random.uniform()));
      const next = Math.max(1, Math.round(price * Math.exp(volatility * random.normal())));
      for (const step of [price, next]) this.add(time, step, volume, random.uniform() < 0.5);
      price = next;
    }
    return price;
  }

  add(time: number, price: number, quantity: number, takerBuys: boolean): void {
    const amount = BigInt(price) * BigInt(quantity) * this.#instrument.unit;
    for (const { ms, klines } of this.#series) {
      const openTime = time - (time % ms);
      let kline = klines.at(-1);
      if (kline === undefined || kline.openTime < openTime) {
        kline = {
          openTime,
          open: price,
          high: price,
          low: price,
          close: price,
          volume: 0,
          quoteVolume: 0n,
          takerBuyVolume: 0,
          takerBuyQuoteVolume: 0n,
          trades: 0,
        };
        klines.push(kline);
        if (klines.length > KEPT) klines.shift();
      }
      kline.high = Math.max(kline.high, price);
      kline.low = Math.min(kline.low, price);
      kline.close = price;
      kline.volume += quantity;
      kline.quoteVolume += amount;
      kline.trades += 1;
      if (takerBuys) {
        kline.takerBuyVolume += quantity;
        kline.takerBuyQuoteVolume += amount;
      }
    }
  }

  last(interval: string): Kline | undefined {
    return this.#of(interval).at(-1);
  }

  /** The last ones between both times, the oldest first. */
  between(interval: string, from: number, to: number, most: number): Kline[] {
    const found = this.#of(interval).filter(({ openTime }) => openTime >= from && openTime <= to);
    // As Binance: with a start the first ones, without it the last ones.
    return from > 0 ? found.slice(0, most) : found.slice(-most);
  }
  #of(interval: string): Kline[] {
    return this.#series.find((each) => each.interval === interval)?.klines ?? [];
  }
}
