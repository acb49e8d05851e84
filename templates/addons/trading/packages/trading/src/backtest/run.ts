import { judge, LOOKS, marketVector } from '@stack/analysis/trading';
import type { Candle } from '../candle.ts';
import { type Decimal, decimal, floorTo, ofNumber, toNumber, ZERO } from '../decimal.ts';
import { type Candidate, Desk } from '../desk.ts';
import { type Filters, fit } from '../filters.ts';
import type { OrderSide } from '../order.ts';
import { Position } from '../position.ts';
import { assess, type RiskLimits } from '../risk.ts';
import type { Strategy } from '../strategy.ts';
import { type Statistics, statisticsOf } from './statistics.ts';

export interface BacktestOptions {
  strategy: Strategy;
  filters: Filters;
  limits: RiskLimits;
  /** In the quote asset. */
  capital: Decimal;
  /** What one order is worth, in the quote asset. */
  orderNotional: Decimal;
  /** The exchange's share of each fill: 0.001. */
  fee: Decimal;
  /** How much worse than the next opening price a fill is, as a share: 0.0005. */
  slippage: Decimal;
}

export interface BacktestTrade {
  side: OrderSide;
  /** In milliseconds. */
  time: number;
  price: Decimal;
  quantity: Decimal;
  fee: Decimal;
  /** What this fill realised, its fee taken off. */
  realised: Decimal;
  reason: string;
}

export interface Backtest {
  candles: number;
  /** Of the first and last candle, in milliseconds; `undefined` without any. */
  from: number | undefined;
  to: number | undefined;
  candidates: number;
  /** Candidates that the analysis left, and that the risk checks refused, by check. */
  held: number;
  refused: Record<string, number>;
  trades: BacktestTrade[];
  realised: Decimal;
  unrealised: Decimal;
  statistics: Statistics;
  /** What all was worth at each of at most some hundred moments. */
  equity: { time: number; value: number }[];
}

/** Points of the curve; more would not be seen. */
const CURVE_POINTS = 800;
const TEN_SECONDS_MS = 10_000;
const DAY_MS = 86_400_000;

/**
 * Runs strategy, analysis, risk checks and filters as the service runs them over candles of the past. What is decided at
 * the close of a candle is filled at the open of the next, worse by the slippage: nothing looks ahead.
 */
export async function runBacktest(
  candles: Iterable<Candle> | AsyncIterable<readonly Candle[]>,
  options: BacktestOptions,
): Promise<Backtest> {
  const run = new Run(options);
  if (Symbol.iterator in candles) for (const candle of candles) run.add(candle);
  else for await (const batch of candles) for (const candle of batch) run.add(candle);
  return run.end();
}

class Run {
  readonly #options: BacktestOptions;
  readonly #desk: Desk;
  readonly #position: Position;
  readonly #trades: BacktestTrade[] = [];
  readonly #refused: Record<string, number> = {};
  readonly #looks: ReturnType<typeof marketVector>[] = [];
  readonly #sent: number[] = [];
  readonly #equity: number[] = [];
  readonly #times: number[] = [];
  #cash: Decimal;
  #cashNumber: number;
  #heldNumber = 0;
  #decided: Candidate | undefined;
  #candidates = 0;
  #held = 0;
  #day = -1;
  #worthAtMidnight = ZERO;
  #last: Candle | undefined;

  constructor(options: BacktestOptions) {
    this.#options = options;
    this.#desk = new Desk(options.strategy);
    const { symbol, baseAsset, quoteAsset } = options.filters;
    this.#position = new Position(symbol, baseAsset, quoteAsset);
    this.#cash = options.capital;
    this.#cashNumber = toNumber(options.capital);
  }

  add(candle: Candle): void {
    const decided = this.#decided;
    this.#decided = undefined;
    if (decided !== undefined) this.#fill(decided, candle);
    this.#last = candle;
    const day = Math.floor(candle.closeTime / DAY_MS);
    if (day !== this.#day) {
      this.#day = day;
      this.#worthAtMidnight = this.#worth(ofNumber(candle.open));
    }
    const candidate = this.#desk.candle(this.#options.filters.symbol, candle, this.#heldNumber > 0);
    if (candidate !== undefined) this.#consider(candidate, candle);
    this.#equity.push(this.#cashNumber + this.#heldNumber * candle.close);
    this.#times.push(candle.closeTime);
  }

  end(): Backtest {
    const { capital } = this.#options;
    const mark = ofNumber(this.#last?.close ?? 0);
    return {
      candles: this.#equity.length,
      from: this.#times[0],
      to: this.#times.at(-1),
      candidates: this.#candidates,
      held: this.#held,
      refused: this.#refused,
      trades: this.#trades,
      realised: this.#position.realised,
      unrealised: this.#position.unrealised(mark),
      statistics: statisticsOf({
        equity: this.#equity,
        times: this.#times,
        capital: toNumber(capital),
        trades: this.#trades,
      }),
      equity: thinned(this.#times, this.#equity),
    };
  }

  #consider(candidate: Candidate, candle: Candle): void {
    this.#candidates += 1;
    const { side, indicators, price } = candidate;
    const judged = judge({ side, price, indicators: { ...indicators } }, this.#looks);
    this.#looks.push(marketVector(judged.readings));
    if (this.#looks.length >= LOOKS) this.#looks.shift();
    if (judged.action !== side) this.#held += 1;
    else if (this.#passes(candidate, candle)) this.#decided = candidate;
  }

  #passes(candidate: Candidate, candle: Candle): boolean {
    const { filters, limits } = this.#options;
    const price = ofNumber(candidate.price);
    const proposed = {
      symbol: filters.symbol,
      side: candidate.side,
      price,
      quantity: this.#quantity(candidate.side, price),
    };
    const fitted = fit(proposed, filters);
    const now = candle.closeTime;
    const day = now - (now % DAY_MS);
    while (this.#sent[0] !== undefined && this.#sent[0] < day) this.#sent.shift();
    const verdict = fitted.fits
      ? assess(
          { ...proposed, ...fitted },
          {
            killed: undefined,
            unrecorded: undefined,
            barred: undefined,
            ageMs: 0,
            middle: price,
            held: this.#position.quantity,
            open: { count: 0, buying: ZERO, selling: ZERO },
            elsewhere: ZERO,
            profitToday: this.#worth(price).minus(this.#worthAtMidnight),
            sent: {
              in10Seconds: this.#sent.filter((time) => time > now - TEN_SECONDS_MS).length,
              today: this.#sent.length,
            },
          },
          limits,
        )
      : ({ allowed: false, check: 'filters' } as const);
    if (verdict.allowed) {
      this.#sent.push(now);
      return true;
    }
    this.#refused[verdict.check] = (this.#refused[verdict.check] ?? 0) + 1;
    return false;
  }

  #quantity(side: OrderSide, price: Decimal): Decimal {
    if (side === 'sell') return this.#position.quantity;
    // No more than is there, its fee included.
    const affordable = this.#cash.div(this.#options.fee.plus('1'));
    const { orderNotional } = this.#options;
    return (affordable.lt(orderNotional) ? affordable : orderNotional).div(price);
  }

  #fill({ side, reason }: Candidate, { open, openTime }: Candle): void {
    const { fee, slippage, filters } = this.#options;
    const price = ofNumber(open).times(side === 'buy' ? slippage.plus('1') : decimal('1').minus(slippage));
    const quantity = floorTo(this.#quantity(side, price), filters.stepSize);
    if (quantity.lte(ZERO)) return;
    const paid = price.times(quantity).times(fee);
    const before = this.#position.realised;
    this.#position.apply({
      tradeId: this.#trades.length,
      side,
      price,
      quantity,
      commission: paid,
      commissionAsset: filters.quoteAsset,
    });
    const worth = price.times(quantity);
    this.#cash = (side === 'buy' ? this.#cash.minus(worth) : this.#cash.plus(worth)).minus(paid);
    this.#cashNumber = toNumber(this.#cash);
    this.#heldNumber = toNumber(this.#position.quantity);
    this.#trades.push({
      side,
      time: openTime,
      price,
      quantity,
      fee: paid,
      realised: this.#position.realised.minus(before),
      reason,
    });
  }

  #worth(mark: Decimal): Decimal {
    return this.#cash.plus(this.#position.quantity.times(mark));
  }
}

/** A point for each stretch of the curve, its last one. */
function thinned(times: readonly number[], values: readonly number[]): { time: number; value: number }[] {
  const every = Math.max(1, Math.ceil(times.length / CURVE_POINTS));
  return times.flatMap((time, index) =>
    index % every === 0 || index === times.length - 1 ? [{ time, value: values[index] ?? 0 }] : [],
  );
}
