import type { Indicators } from '../indicators.ts';
import type { Strategy } from '../strategy.ts';

/** A crossing counts when the averages are so many average true ranges apart: less is noise. */
const APART = 0.25;

export const emaCross: Strategy = {
  name: 'ema-cross',
  description:
    'buys when the EMA of 9 candles has crossed above that of 21 by a quarter of the average true range, sells when below',
  decide({ indicators, before, holding }) {
    const [was, is] = [distance(before), distance(indicators)];
    if (was <= APART && is > APART && !holding)
      return { side: 'buy', reason: 'EMA 9 has crossed above EMA 21' };
    if (was >= -APART && is < -APART && holding)
      return { side: 'sell', reason: 'EMA 9 has crossed below EMA 21' };
    return undefined;
  },
};

/** In average true ranges; 0 where nothing moves. */
function distance({ ema_9, ema_21, atr_14 }: Indicators): number {
  return atr_14 > 0 ? (ema_9 - ema_21) / atr_14 : 0;
}
