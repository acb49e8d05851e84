import type { Candle } from './candle.ts';
import type { Indicators } from './indicators.ts';
import type { OrderSide } from './order.ts';

/** What a strategy sees when a candle is over: nothing of what comes later. */
export interface Look {
  symbol: string;
  candle: Candle;
  indicators: Indicators;
  /** Those of the candle before. */
  before: Indicators;
  /** Whether something is held. Spot: what is not held cannot be sold. */
  holding: boolean;
}

/** What a strategy would do. The core, the risk checks and the exchange have their say after it. */
export interface Intent {
  side: OrderSide;
  /** For people. */
  reason: string;
}

/** A rule that says when to trade: pure, without memory of its own, so that service and backtest decide alike. */
export interface Strategy {
  name: string;
  /** One sentence, for people. */
  description: string;
  decide(look: Look): Intent | undefined;
}
