import type { Candle } from './candle.ts';
import { IndicatorSet, type Indicators } from './indicators.ts';
import type { Intent, Strategy } from './strategy.ts';

export type { Indicators } from './indicators.ts';
export { WARM_UP } from './indicators.ts';

/** A decision that is worth asking the core about. */
export interface Candidate extends Intent {
  symbol: string;
  strategy: string;
  /** The last price that the decision saw. */
  price: number;
  indicators: Indicators;
}

/** Brings candles, indicators and strategy together, symbol by symbol: from a tick to a candidate. */
export class Desk {
  readonly #strategy: Strategy;
  readonly #symbols = new Map<string, { set: IndicatorSet; now: Indicators | undefined; lastOpen: number }>();

  constructor(strategy: Strategy) {
    this.#strategy = strategy;
  }

  /**
   * A candle that is over. One that is not newer than the last has no effect: after a reconnection some come again.
   *
   * @param holding whether something of the symbol is held
   */
  candle(symbol: string, candle: Candle, holding: boolean): Candidate | undefined {
    const state = this.#of(symbol);
    if (candle.openTime <= state.lastOpen) return undefined;
    const before = state.now;
    state.lastOpen = candle.openTime;
    state.now = state.set.add(candle);
    if (before === undefined || state.now === undefined) return undefined;
    const intent = this.#strategy.decide({ symbol, candle, indicators: state.now, before, holding });
    if (intent === undefined) return undefined;
    return { ...intent, symbol, strategy: this.#strategy.name, price: candle.close, indicators: state.now };
  }

  indicators(symbol: string): Indicators | undefined {
    return this.#symbols.get(symbol)?.now;
  }

  #of(symbol: string) {
    let state = this.#symbols.get(symbol);
    if (state === undefined) {
      state = { set: new IndicatorSet(), now: undefined, lastOpen: -1 };
      this.#symbols.set(symbol, state);
    }
    return state;
  }
}
