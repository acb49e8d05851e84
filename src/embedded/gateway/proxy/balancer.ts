import { createHash } from 'node:crypto';
import type { GatewayObject } from '../../../model/gateway.ts';
import type { Exchange } from '../exchange.ts';
import { template, variable } from '../variables.ts';
import type { UpstreamNode } from './upstream.ts';

/** Chooses among the nodes that are open to a request; the list is never empty. */
export interface Balancer {
  pick(open: readonly UpstreamNode[], exchange: Exchange): UpstreamNode | undefined;
}

/** By the upstream's `type`; `undefined` for one that there is no balancer for. */
export function balancerOf(value: GatewayObject, nodes: readonly UpstreamNode[]): Balancer | undefined {
  switch (value.type ?? 'roundrobin') {
    case 'roundrobin':
      return roundRobin(nodes);
    case 'least_conn':
      return leastConnections;
    case 'chash':
      return consistentHash(value);
    default:
      return undefined;
  }
}

/** nginx's smooth weighted round robin: heavier nodes come more often, but not in bursts. */
function roundRobin(nodes: readonly UpstreamNode[]): Balancer {
  const current = new Map(nodes.map((node) => [node, 0]));
  return {
    pick(open) {
      if (open.length === 1) return open[0];
      let best: UpstreamNode | undefined;
      let total = 0;
      for (const node of open) {
        const weight = (current.get(node) ?? 0) + node.weight;
        current.set(node, weight);
        total += node.weight;
        if (best === undefined || weight > (current.get(best) ?? 0)) best = node;
      }
      if (best !== undefined) current.set(best, (current.get(best) ?? 0) - total);
      return best;
    },
  };
}

const leastConnections: Balancer = {
  pick: (open) => open.reduce((best, node) => (load(node) < load(best) ? node : best)),
};

const load = (node: UpstreamNode): number => (node.inFlight + 1) / node.weight;

/**
 * Weighted rendezvous hashing: a node that comes or goes moves only its own share of the keys. Which node a key
 * meets differs from APISIX's ring; that the same key meets the same node does not.
 */
function consistentHash(value: GatewayObject): Balancer {
  const keyOf = hashKey(String(value.hash_on ?? 'vars'), String(value.key ?? ''));
  return {
    pick(open, exchange) {
      const key = keyOf(exchange) ?? exchange.remoteAddress;
      let best: UpstreamNode | undefined;
      let highest = Number.NEGATIVE_INFINITY;
      for (const node of open) {
        const digest = createHash('md5').update(`${node.host}:${node.port} ${key}`).digest();
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
