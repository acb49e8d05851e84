import { type Decimal, toNumber, ZERO } from '../decimal.ts';

/** How a run went. Shares are written as numbers: 0.05 is 5 %. */
export interface Statistics {
  /** From the first capital to the last worth. */
  return: number;
  /** Annualised; `null` when nothing varied. */
  sharpe: number | null;
  /** Annualised; `null` when nothing fell. */
  sortino: number | null;
  /** The deepest fall from a peak, as a share of the peak. */
  maxDrawdown: number;
  /** Of the sales, those that earned something after fees; `null` without any. */
  winRate: number | null;
  /** What was bought and sold, in units of the capital. */
  turnover: number;
  trades: number;
  fees: number;
}

const YEAR_MS = 365 * 86_400_000;

/**
 * - Sharpe ratio: mean over standard deviation of the returns of the periods, times √(periods a year); W. F. Sharpe, "The
 *   Sharpe Ratio", Journal of Portfolio Management 21 (1994), with a riskless return of 0. Markets of this kind never
 *   close, so a year has 365 days.
 * - Sortino ratio: the same with the downside deviation √(mean of min(r, 0)²); F. A. Sortino and L. N. Price, "Performance
 *   Measurement in a Downside Risk Framework", Journal of Investing 3 (1994), with a target of 0.
 * - Max drawdown: the largest (peak − worth) / peak; M. Magdon-Ismail and A. Atiya, "Maximum Drawdown", Risk 17 (2004).
 *
 * @param equity what all was worth at the end of each period, at `times` in milliseconds
 */
export function statisticsOf({
  equity,
  times,
  capital,
  trades,
}: {
  equity: readonly number[];
  times: readonly number[];
  capital: number;
  trades: readonly { side: string; price: Decimal; quantity: Decimal; fee: Decimal; realised: Decimal }[];
}): Statistics {
  let [sum, squares, downside, peak, drawdown, former] = [0, 0, 0, capital, 0, capital];
  for (const worth of equity) {
    const change = worth / former - 1;
    sum += change;
    squares += change * change;
    if (change < 0) downside += change * change;
    if (worth > peak) peak = worth;
    else drawdown = Math.max(drawdown, (peak - worth) / peak);
    former = worth;
  }
  const periods = equity.length;
  const mean = periods === 0 ? 0 : sum / periods;
  const deviation =
    periods < 2 ? 0 : Math.sqrt(Math.max(0, (squares - periods * mean * mean) / (periods - 1)));
  const below = periods === 0 ? 0 : Math.sqrt(downside / periods);
  const yearly = Math.sqrt(YEAR_MS / periodOf(times));
  const sales = trades.filter(({ side }) => side === 'sell');
  const turnover = trades.reduce((total, { price, quantity }) => total.plus(price.times(quantity)), ZERO);
  return {
    return: former / capital - 1,
    sharpe: deviation === 0 ? null : (mean / deviation) * yearly,
    sortino: below === 0 ? null : (mean / below) * yearly,
    maxDrawdown: drawdown,
    winRate:
      sales.length === 0 ? null : sales.filter(({ realised }) => realised.gt(ZERO)).length / sales.length,
    turnover: toNumber(turnover) / capital,
    trades: trades.length,
    fees: toNumber(trades.reduce((total, { fee }) => total.plus(fee), ZERO)),
  };
}

/** The time between two periods that most of them have, taken from the whole stretch. */
function periodOf(times: readonly number[]): number {
  const [first, last] = [times[0], times.at(-1)];
  if (first === undefined || last === undefined || times.length < 2) return YEAR_MS;
  return Math.max(1, (last - first) / (times.length - 1));
}
