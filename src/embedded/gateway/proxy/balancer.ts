import { createHash } from 'node:crypto';
import type { GatewayObject } from '../../../model/gateway.ts';
import type { Exchange } from '../exchange.ts';
import { template } from '../template.ts';
import { variable } from '../variables.ts';
import { addressOf } from './node-address.ts';
import type { UpstreamNode } from './upstream.ts';

type Nodes = readonly UpstreamNode[];

/** Chooses among nodes. */
export interface Balancer {
  /** Those of a group (the healthy nodes of one priority) that may be chosen at all; without it all may. */
  eligible?(group: Nodes): Nodes;
  /** One of those that are open to a request; the list is never empty. */
  pick(open: Nodes, exchange: Exchange): UpstreamNode | undefined;
  /** What a node took to answer, in milliseconds: from when the request was sent to the end of the answer. */
  after?(node: UpstreamNode, latencyMs: number): void;
}

/** The values of an upstream's `type`. */
export const BALANCERS = ['roundrobin', 'chash', 'least_conn', 'ewma'];

/** By the upstream's `type`; `undefined` for one that there is no balancer for. */
export function balancerOf(value: GatewayObject, nodes: Nodes, latencies: Latencies): Balancer | undefined {
  switch (value.type ?? 'roundrobin') {
    case 'roundrobin':
      return roundRobin(nodes);
    case 'least_conn':
      return leastConnections;
    case 'chash':
      return consistentHash(value);
    case 'ewma':
      return byLatency(latencies);
    default:
      return undefined;
  }
}

const weighted = (group: Nodes): Nodes => group.filter((node) => node.weight > 0);

/**
 * nginx's smooth weighted round robin: heavier nodes come more often, but not in bursts. Nodes of weight 0 are the last
 * resort: they take turns where no other is left (resty.roundrobin).
 */
function roundRobin(nodes: Nodes): Balancer {
  const current = new Map(nodes.map((node) => [node, 0]));
  return {
    eligible(group) {
      const some = weighted(group);
      return some.length > 0 ? some : group;
    },
    pick(open) {
      if (open.length === 1) return open[0];
      let best: UpstreamNode | undefined;
      let total = 0;
      for (const node of open) {
        const own = node.weight || 1;
        const weight = (current.get(node) ?? 0) + own;
        current.set(node, weight);
        total += own;
        if (best === undefined || weight > (current.get(best) ?? 0)) best = node;
      }
      if (best !== undefined) current.set(best, (current.get(best) ?? 0) - total);
      return best;
    },
  };
}

/** A node of weight 0 carries endlessly much already, and so comes last. */
const leastConnections: Balancer = {
  pick: (open) => open.reduce((best, node) => (load(node) < load(best) ? node : best)),
};

const load = (node: UpstreamNode): number => (node.inFlight + 1) / node.weight;

/**
 * Weighted rendezvous hashing: a node that comes or goes moves only its own share of the keys. Which node a key
 * meets differs from APISIX's ring; that the same key meets the same node does not. A weight of 0 has no share.
 */
function consistentHash(value: GatewayObject): Balancer {
  const keyOf = hashKey(String(value.hash_on ?? 'vars'), String(value.key ?? ''));
  return {
    eligible: weighted,
    pick(open, exchange) {
      const key = keyOf(exchange) ?? exchange.remoteAddress;
      let best: UpstreamNode | undefined;
      let highest = Number.NEGATIVE_INFINITY;
      for (const node of open) {
        const digest = createHash('md5')
          .update(`${addressOf(node)} ${key}`)
          .digest();
        const uniform = (digest.readUInt32BE() + 0.5) / 2 ** 32;
        const score = -node.weight / Math.log(uniform);
        if (score > highest) [best, highest] = [node, score];
      }
      return best;
    },
  };
}

function hashKey(on: string, key: string): (exchange: Exchange) => string | undefined {
  if (on === 'header') return (exchange) => exchange.request.headers.get(key);
  if (on === 'cookie') return (exchange) => variable(exchange, `cookie_${key}`);
  if (on === 'consumer') return (exchange) => exchange.consumer?.username;
  if (on === 'vars_combinations') {
    const combination = template(key);
    return (exchange) => combination.render(exchange);
  }
  return (exchange) => variable(exchange, key);
}

/** The faster of two nodes taken by chance (apisix/balancer/ewma.lua); weights mean nothing to it. */
function byLatency(latencies: Latencies): Balancer {
  return {
    pick(open) {
      const first = Math.floor(Math.random() * open.length);
      const node = open[first] as UpstreamNode;
      if (open.length === 1) return node;
      const second = Math.floor(Math.random() * (open.length - 1));
      const other = open[second < first ? second : second + 1] as UpstreamNode;
      return latencies.of(addressOf(node)) > latencies.of(addressOf(other)) ? other : node;
    },
    after: (node, latencyMs) => latencies.add(addressOf(node), latencyMs),
  };
}

/** After this time a latency counts e times less. */
const DECAY_MS = 10_000;
const MOST_NODES = 10_000;

/** What nodes took to answer lately, by their address: an average that moves and decays, for all upstreams together. */
export class Latencies {
  readonly #byAddress = new Map<string, { latency: number; at: number }>();
  readonly #now: () => number;

  /** @param now milliseconds of a clock that never goes back */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  get size(): number {
    return this.#byAddress.size;
  }

  /** Milliseconds; 0 for a node that nothing is known of, so that it is tried. */
  of(address: string): number {
    const known = this.#byAddress.get(address);
    return known === undefined ? 0 : known.latency * this.#share(known.at);
  }

  add(address: string, latencyMs: number): void {
    const known = this.#byAddress.get(address);
    const share = known === undefined ? 0 : this.#share(known.at);
    const latency = (known?.latency ?? 0) * share + latencyMs * (1 - share);
    // The one that has been silent for longest stands first.
    this.#byAddress.delete(address);
    this.#byAddress.set(address, { latency, at: this.#now() });
    if (this.#byAddress.size > MOST_NODES) {
      const [oldest] = this.#byAddress.keys();
      if (oldest !== undefined) this.#byAddress.delete(oldest);
    }
  }

  #share(at: number): number {
    return Math.exp(-(this.#now() - at) / DECAY_MS);
  }
}
