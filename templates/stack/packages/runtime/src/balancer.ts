import { createHash } from 'node:crypto';

/** What is chosen from. */
export interface Candidate {
  /** Unique among the candidates. */
  instance: string;
  /** How much of the calls it gets beside the others; 1 for an ordinary one. */
  weight: number;
}

export const BALANCERS = [
  'round-robin',
  'random',
  'least-connections',
  'weighted',
  'consistent-hash',
] as const;
export type BalancerName = (typeof BALANCERS)[number];

export interface PickOptions {
  /** What calls that belong together share; only `consistent-hash` looks at it. */
  key?: string;
  /** How many calls an instance has in work; only `least-connections` asks. */
  inFlight?(instance: string): number;
}

/** Chooses one of the candidates; `undefined` when there are none. Candidates may come and go between two calls. */
export interface Balancer {
  pick<Item extends Candidate>(candidates: readonly Item[], options?: PickOptions): Item | undefined;
}

export function createBalancer(name: BalancerName, random: () => number = Math.random): Balancer {
  switch (name) {
    case 'round-robin':
      return roundRobin();
    case 'random':
      return { pick: (candidates) => candidates[Math.floor(random() * candidates.length)] };
    case 'least-connections':
      return leastConnections();
    case 'weighted':
      return weighted();
    case 'consistent-hash':
      return { pick: (candidates, { key = '' } = {}) => highestRandomWeight(candidates, key) };
  }
}

/** In the order of their names, so that a candidate that comes or goes does not begin the round anew. */
function roundRobin(): Balancer {
  let last = '';
  return {
    pick(candidates) {
      const sorted = candidates.toSorted((a, b) => (a.instance < b.instance ? -1 : 1));
      const next = sorted.find(({ instance }) => instance > last) ?? sorted[0];
      last = next?.instance ?? '';
      return next;
    },
  };
}

/** The fewest calls in work for its weight; among equals in turn. */
function leastConnections(): Balancer {
  const turns = roundRobin();
  return {
    pick(candidates, { inFlight = () => 0 } = {}) {
      const load = new Map(
        candidates.map((each) => [each, inFlight(each.instance) / Math.max(each.weight, 1e-9)]),
      );
      const least = Math.min(...load.values());
      return turns.pick(candidates.filter((each) => load.get(each) === least));
    },
  };
}

/**
 * nginx's smooth weighted round robin: of weights 5, 1, 1 the order is a a b a c a a.
 * https://github.com/nginx/nginx/commit/52327e0627f49dbda1e8db695e63a4b0af4448b1
 */
function weighted(): Balancer {
  const current = new Map<string, number>();
  return {
    pick(candidates) {
      const total = candidates.reduce((sum, { weight }) => sum + weight, 0);
      const present = new Set(candidates.map(({ instance }) => instance));
      for (const instance of current.keys()) if (!present.has(instance)) current.delete(instance);
      for (const { instance, weight } of candidates)
        current.set(instance, (current.get(instance) ?? 0) + weight);
      let best: (typeof candidates)[number] | undefined;
      for (const each of candidates)
        if (best === undefined || (current.get(each.instance) ?? 0) > (current.get(best.instance) ?? 0))
          best = each;
      if (best !== undefined) current.set(best.instance, (current.get(best.instance) ?? 0) - total);
      return best;
    },
  };
}

/**
 * Rendezvous hashing with weights: a key stays with its instance as long as that is there, and only the keys of one
 * that goes move. Thaler and Ravishankar 1998; the weights as in
 * https://www.snia.org/sites/default/files/SDC15_presentations/dist_sys/Jason_Resch_New_Consistent_Hashings_Rev.pdf
 */
function highestRandomWeight<Item extends Candidate>(
  candidates: readonly Item[],
  key: string,
): Item | undefined {
  let best: { item: Item; score: number } | undefined;
  for (const item of candidates) {
    const score = -item.weight / Math.log(uniform(`${item.instance}\0${key}`));
    if (best === undefined || score > best.score) best = { item, score };
  }
  return best?.item;
}

/** From 0 to 1, both excluded; the same text always gives the same number. */
function uniform(text: string): number {
  const digest = createHash('sha256').update(text).digest();
  return (digest.readUIntBE(0, 6) + 0.5) / 2 ** 48;
}
