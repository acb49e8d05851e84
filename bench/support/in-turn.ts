import { type Figure, figureOf, quantile } from '../guard/figure.ts';
import { processorTime } from './processes.ts';
import { type Ask, inFlight, oneAfterAnother } from './requests.ts';

/** Something that answers requests, and the processes that do so. */
export interface Subject {
  ask: Ask;
  pids: readonly number[];
}

export interface Load {
  rounds: number;
  /** Requests before those that are measured, each time. */
  warmUp: number;
  alone: number;
  together: number;
  inFlight: number;
}

export interface Peer extends Subject {
  name: string;
  /** What is aimed at, as ratios to it. */
  aims: { p50?: number; rate?: number; cost?: number };
}

/** Asks both in turn, one request after the other and many at once, so that a machine that slows down slows both. */
export async function besidePeer(ours: Subject, peer: Peer, load: Load): Promise<Figure[]> {
  const both = [ours, peer] as const;
  const p50 = both.map((): number[] => []);
  const p99 = both.map((): number[] => []);
  const rates = both.map((): number[] => []);
  const costs = both.map((): number[] => []);
  for (let round = 0; round < load.rounds; round += 1)
    for (const [which, { ask, pids }] of both.entries()) {
      const durations = await oneAfterAnother(ask, { warmUp: load.warmUp, requests: load.alone });
      p50[which]?.push(quantile(durations, 0.5));
      p99[which]?.push(quantile(durations, 0.99));
      const before = processorTime(pids);
      rates[which]?.push(await inFlight(ask, { requests: load.together, inFlight: load.inFlight }));
      costs[which]?.push(((processorTime(pids) - before) / load.together) * 1e6);
    }
  const figure = (
    named: Pick<Figure, 'name' | 'unit' | 'better'>,
    [values = [], theirs = []]: readonly number[][],
    ratio?: number,
  ) =>
    figureOf({
      ...named,
      values,
      peer: { name: peer.name, values: theirs },
      ...(ratio === undefined ? {} : { aim: { ratio } }),
    });
  return [
    figure({ name: 'alone, p50', unit: 'ms', better: 'lower' }, p50, peer.aims.p50),
    figure({ name: 'alone, p99', unit: 'ms', better: 'lower' }, p99),
    figure(
      { name: `requests/s, ${load.inFlight} in flight`, unit: '/s', better: 'higher' },
      rates,
      peer.aims.rate,
    ),
    figure({ name: 'processor time a request', unit: 'µs', better: 'lower' }, costs, peer.aims.cost),
  ];
}
