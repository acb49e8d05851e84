export type Trend = ReturnType<typeof trend>;

/**
 * What a market is asked for so that the indicators speak for a trade again and again, whoever asks and whenever: a drift
 * with turns in it, and next to no chance. A drift alone would have them warn of it, and chance alone may last for minutes.
 */
export const trend = (direction: 'rises' | 'falls') => ({
  drift: direction === 'rises' ? 0.0001 : -0.0001,
  swing: 0.0005,
  swing_every: 3,
  volatility: 0.00005,
});
