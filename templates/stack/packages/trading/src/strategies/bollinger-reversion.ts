import type { Strategy } from '../strategy.ts';

export const bollingerReversion: Strategy = {
  name: 'bollinger-reversion',
  description: 'buys below the lower Bollinger band while the RSI is oversold, sells above the upper one',
  decide({ candle, indicators, holding }) {
    if (candle.close < indicators.bollinger_lower && indicators.rsi_14 < 30 && !holding)
      return { side: 'buy', reason: `below the lower band with an RSI of ${indicators.rsi_14.toFixed(1)}` };
    if (candle.close > indicators.bollinger_upper && holding)
      return { side: 'sell', reason: 'above the upper band' };
    return undefined;
  },
};
