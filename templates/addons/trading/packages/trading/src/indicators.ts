import { ATR, BollingerBands, EMA, MACD, RSI, VWAP } from 'trading-signals';
import type { Candle } from './candle.ts';

/** By the names that the core's analysis reads. */
export interface Indicators {
  ema_9: number;
  ema_21: number;
  rsi_14: number;
  macd: number;
  macd_signal: number;
  macd_histogram: number;
  bollinger_lower: number;
  bollinger_upper: number;
  atr_14: number;
  /** Of the day, in UTC. */
  vwap: number;
}

const DAY_MS = 86_400_000;

/** Candles that must have been seen before the first indicators: those of the slowest one, MACD 12, 26, 9. */
export const WARM_UP = 26 + 9;

/** The indicators of one symbol, brought forward candle by candle. */
export class IndicatorSet {
  readonly #fast = new EMA(9);
  readonly #slow = new EMA(21);
  readonly #rsi = new RSI(14);
  readonly #macd = new MACD(new EMA(12), new EMA(26), new EMA(9));
  readonly #bands = new BollingerBands(20, 2);
  readonly #atr = new ATR(14);
  #vwap = new VWAP();
  #day = -1;
  #seen = 0;

  /** `undefined` until enough candles are known. */
  add(candle: Candle): Indicators | undefined {
    const day = Math.floor(candle.openTime / DAY_MS);
    if (day !== this.#day) this.#vwap = new VWAP();
    this.#day = day;
    this.#seen += 1;
    const { close } = candle;
    const ema_9 = this.#fast.update(close, false);
    const ema_21 = this.#slow.update(close, false);
    const rsi_14 = this.#rsi.update(close, false);
    const macd = this.#macd.update(close, false);
    const bands = this.#bands.update(close, false);
    const atr_14 = this.#atr.update(candle, false);
    this.#vwap.update(candle, false);
    if (this.#seen < WARM_UP || rsi_14 === null || macd === null || bands === null || atr_14 === null)
      return undefined;
    return {
      ema_9,
      ema_21,
      rsi_14,
      macd: macd.macd,
      macd_signal: macd.signal,
      macd_histogram: macd.histogram,
      bollinger_lower: bands.lower,
      bollinger_upper: bands.upper,
      atr_14,
      vwap: this.#vwap.getResult() ?? close,
    };
  }
}
