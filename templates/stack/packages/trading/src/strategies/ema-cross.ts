import type { Strategy } from '../strategy.ts';

export const emaCross: Strategy = {
  name: 'ema-cross',
  description: 'buys when the EMA of 9 candles crosses above that of 21, sells when it crosses below',
  decide({ indicators, before, holding }) {
    const was = before.ema_9 - before.ema_21;
    const is = indicators.ema_9 - indicators.ema_21;
    if (was <= 0 && is > 0 && !holding) return { side: 'buy', reason: 'EMA 9 crossed above EMA 21' };
    if (was >= 0 && is < 0 && holding) return { side: 'sell', reason: 'EMA 9 crossed below EMA 21' };
    return undefined;
  },
};
