import {
  type ComplexVector,
  DIMENSION,
  fidelity,
  metricsOf,
  normalise,
  purity,
  type State,
  type StateMetrics,
  stateOf,
} from './state.ts';

/** A look at a market, with the trade that is considered. */
export interface Proposal {
  side: 'buy' | 'sell';
  /** In the quote currency. */
  price: number;
  /** By name: `ema_20`, `rsi_14`. Those that no reading knows are left alone. */
  indicators: Readonly<Record<string, number>>;
}

/** What one or several indicators say: from −1 (falls) over 0 (nothing) to 1 (rises). */
export interface Reading {
  name: ReadingName;
  value: number;
}

export interface Judgement {
  /** The side of the proposal when the readings speak for it clearly enough, or else `hold`. */
  action: 'buy' | 'sell' | 'hold';
  /** From 0 to 1: the strength of the readings times the purity of the state. */
  confidence: number;
  /** The mean of the readings, from −1 to 1. */
  score: number;
  readings: Reading[];
}

export interface Analysis extends Judgement {
  state: StateMetrics & { resonance: number | null };
  reason: string;
}

/** The readings, each at its dimension of the state. */
export const READINGS = [
  'trend',
  'price',
  'rsi',
  'macd',
  'bollinger',
  'stochastic',
  'rate_of_change',
] as const;
export type ReadingName = (typeof READINGS)[number];

/** The last dimension says how little the others do. */
const QUIET = DIMENSION - 1;
/** A mean of readings below this is no opinion. */
export const THRESHOLD = 0.15;
/** Looks that count; each counts half as much as the one four looks later. */
export const LOOKS = 16;

/**
 * Judges a trade that is considered: a pure function of the look at the market and of the looks before it, so that a
 * backtest and the service decide alike.
 *
 * The score is the plain mean of the readings. The state is that of the last looks (`marketVector`, `stateOf`): its
 * purity is 1 when they all say the same and falls as they contradict each other, so confidence = |score| × purity.
 *
 * @param before vectors of the looks before, oldest first; at most the last `LOOKS` − 1 count
 */
export function judge(proposal: Proposal, before: readonly ComplexVector[] = []): Judgement {
  const readings = readingsOf(proposal);
  return judgementOf(proposal, readings, purity(stateWith(readings, before)));
}

/** The judgement, with its reason and what the state says besides. */
export function analyse(proposal: Proposal, before: readonly ComplexVector[] = []): Analysis {
  const readings = readingsOf(proposal);
  const state = stateWith(readings, before);
  const metrics = metricsOf(state);
  const judgement = judgementOf(proposal, readings, metrics.purity);
  const resonance = before.length === 0 ? null : fidelity(state, stateOf(before.slice(1 - LOOKS)));
  return {
    ...judgement,
    state: { ...metrics, resonance },
    reason: reasonFor(proposal, readings, judgement.score),
  };
}

function stateWith(readings: readonly Reading[], before: readonly ComplexVector[]): State {
  return stateOf([...before.slice(1 - LOOKS), marketVector(readings)]);
}

function judgementOf(proposal: Proposal, readings: Reading[], statePurity: number): Judgement {
  const score =
    readings.length === 0 ? 0 : readings.reduce((sum, { value }) => sum + value, 0) / readings.length;
  const action = speaksFor(proposal, score) >= THRESHOLD ? proposal.side : 'hold';
  return { action, confidence: Math.abs(score) * statePurity, score, readings };
}

/** The score as seen from the side of the proposal. */
function speaksFor({ side }: Proposal, score: number): number {
  return side === 'buy' ? score : -score;
}

/**
 * What the indicators say. Distances of prices are measured in average true ranges (Wilder 1978), or, without one, in
 * hundredths of the price; each reading is cut off at −1 and 1.
 *
 * - `trend`: the moving average of the fewest periods above the one of the most (`ema_N`, `sma_N`);
 * - `price`: the price above the moving average of the most periods;
 * - `rsi`: below 30 oversold, so it rises; above 70 overbought, so it falls; nothing between (Wilder 1978);
 * - `macd`: the histogram (`macd_histogram`, or `macd` less `macd_signal`; Appel 1979);
 * - `bollinger`: near the lower band it rises, near the upper one it falls (`bollinger_lower`, `bollinger_upper`: 1 − 2 %b);
 * - `stochastic`: as `rsi`, with 20 and 80 (`stochastic_k`; Lane 1984);
 * - `rate_of_change`: per cent, 5 or more for a full reading (`roc_N`).
 */
export function readingsOf({ price, indicators }: Proposal): Reading[] {
  const named = (name: string): number | undefined =>
    Object.hasOwn(indicators, name) && Number.isFinite(indicators[name]) ? indicators[name] : undefined;
  const first = (pattern: RegExp) =>
    Object.entries(indicators).find(([name, value]) => pattern.test(name) && Number.isFinite(value))?.[1];
  const averages = Object.entries(indicators)
    .flatMap(([name, value]) => {
      const periods = /^(?:ema|sma)_(\d+)$/.exec(name)?.[1];
      return periods === undefined || !Number.isFinite(value) ? [] : [{ periods: Number(periods), value }];
    })
    .sort((a, b) => a.periods - b.periods);
  const [fast, slow] = [averages[0], averages.at(-1)];
  const range = first(/^atr_\d+$/);
  const unit = range !== undefined && range > 0 ? range : Math.abs(price) / 100;
  const inUnits = (distance: number | undefined) =>
    distance === undefined || !(unit > 0) ? undefined : clamp(distance / unit);
  const rsi = first(/^rsi_\d+$/);
  const stochastic = named('stochastic_k');
  const [macd, signal] = [named('macd'), named('macd_signal')];
  const histogram =
    named('macd_histogram') ?? (macd === undefined || signal === undefined ? undefined : macd - signal);
  const [lower, upper] = [named('bollinger_lower'), named('bollinger_upper')];
  const change = first(/^roc_\d+$/);
  const values: Record<ReadingName, number | undefined> = {
    trend: inUnits(
      fast === undefined || slow === undefined || fast === slow ? undefined : fast.value - slow.value,
    ),
    price: inUnits(slow === undefined ? undefined : price - slow.value),
    rsi: rsi === undefined ? undefined : oscillator(rsi, 30, 70),
    macd: inUnits(histogram),
    bollinger:
      lower === undefined || upper === undefined || !(upper > lower)
        ? undefined
        : clamp(1 - (2 * (price - lower)) / (upper - lower)),
    stochastic: stochastic === undefined ? undefined : oscillator(stochastic, 20, 80),
    rate_of_change: change === undefined ? undefined : clamp(change / 5),
  };
  return READINGS.flatMap((name) => {
    const value = values[name];
    return value === undefined ? [] : [{ name, value }];
  });
}

/**
 * Readings as a state vector: each at its dimension of `READINGS`, with its sign; in the last one 1 less the mean of their
 * strengths, which is all there is without readings. Then scaled to length 1.
 */
export function marketVector(readings: readonly Reading[]): ComplexVector {
  const re = new Array<number>(DIMENSION).fill(0);
  for (const { name, value } of readings) re[READINGS.indexOf(name)] = value;
  const strength =
    readings.reduce((sum, { value }) => sum + Math.abs(value), 0) / Math.max(1, readings.length);
  re[QUIET] = 1 - strength;
  const vector = { re, im: new Array<number>(DIMENSION).fill(0) };
  return normalise(vector) ?? vector;
}

/** 1 at 0, falling to 0 at the lower bound; 0 between; from 0 at the upper bound to −1 at 100. */
function oscillator(value: number, low: number, high: number): number {
  if (value < low) return clamp((low - value) / low);
  return value > high ? clamp(-(value - high) / (100 - high)) : 0;
}

function reasonFor(proposal: Proposal, readings: readonly Reading[], score: number): string {
  if (readings.length === 0) return 'none of the indicators has a reading';
  const told = readings.map(
    ({ name, value }) => `${name} ${value >= 0 ? '+' : '−'}${Math.abs(value).toFixed(2)}`,
  );
  const { side } = proposal;
  const wanted = speaksFor(proposal, score);
  const judged =
    wanted >= THRESHOLD
      ? `speak for a ${side}`
      : wanted <= -THRESHOLD
        ? `speak against a ${side}`
        : 'have no opinion';
  return `the readings ${judged} (${score.toFixed(2)}): ${told.join(', ')}`;
}

function clamp(value: number): number {
  return Math.max(-1, Math.min(1, value));
}
