import type { Strategy } from '../strategy.ts';
import { emaCross } from './ema-cross.ts';
import { macdTrend } from './macd-trend.ts';

/** Every strategy, by its name. */
export const strategies: readonly Strategy[] = [emaCross, macdTrend];

export function strategyNamed(name: string): Strategy | undefined {
  return strategies.find((strategy) => strategy.name === name);
}
