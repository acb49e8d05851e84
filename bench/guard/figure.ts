/** What a benchmark has measured of one thing. */
export interface Figure {
  /** The same in every run: baseline and history go by it. */
  name: string;
  value: number;
  unit: Unit;
  better: Better;
  /** What it is compared with, measured in the same run. */
  peer?: { name: string; value: number };
  /** `value` ÷ that of the peer: the median of the rounds. */
  ratio?: number;
  /** The ratio within each round. */
  rounds?: readonly number[];
  aim?: { value?: number; ratio?: number };
}

export type Unit = 's' | 'ms' | 'µs' | 'MB' | '/s' | '%' | 'million/s';
export type Better = 'lower' | 'higher';

export interface Measured {
  figures: readonly Figure[];
  /** What was left out, and why; what else is to be known of the figures. */
  notes?: readonly string[];
}

export interface Extent {
  /** How often everything is measured in turn; each benchmark's own number when left out. */
  rounds?: number;
  /** Only what tells a loss of half of the speed, in seconds. */
  short?: boolean;
}

/** Whether only figures with a ratio are asked for: what has no peer is for a person to look at. */
export const isGuard = ({ rounds, short = false }: Extent) => short || rounds !== undefined;

/** A file beside this folder exports one, as `benchmark`. */
export interface Benchmark {
  /** What is measured, and how. */
  about: string;
  measure(extent: Extent): Promise<Measured>;
  /** In a process that `measure` has started from the same file: does its work there. False in any other. */
  playsRole?(): Promise<boolean>;
}

/** The value below which a share of the values lies. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

export const median = (values: readonly number[]) => quantile(values, 0.5);

interface Rounds extends Pick<Figure, 'name' | 'unit' | 'better' | 'aim'> {
  /** A value for each round. */
  values: readonly number[];
  /** The peer's values of the same rounds. */
  peer?: { name: string; values: readonly number[] };
}

/** The figure of several rounds: medians, and the ratios of what was measured one after the other. */
export function figureOf({ values, peer, ...rest }: Rounds): Figure {
  const value = median(values);
  if (peer === undefined) return { ...rest, value };
  const rounds = values.map((each, round) => each / (peer.values[round] ?? Number.NaN));
  return {
    ...rest,
    value,
    peer: { name: peer.name, value: median(peer.values) },
    ratio: median(rounds),
    rounds,
  };
}
