import type { Strategy } from '../strategy.ts';

export const macdTrend: Strategy = {
  name: 'macd-trend',
  description:
    'buys when the MACD histogram turns positive above the VWAP of the day, sells when it turns negative',
  decide({ candle, indicators, before, holding }) {
    const [was, is] = [before.macd_histogram, indicators.macd_histogram];
    if (was <= 0 && is > 0 && candle.close > indicators.vwap && !holding)
      return { side: 'buy', reason: 'the MACD histogram turned positive above the VWAP' };
    if (was >= 0 && is < 0 && holding) return { side: 'sell', reason: 'the MACD histogram turned negative' };
    return undefined;
  },
};
