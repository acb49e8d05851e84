import { type CompiledExpression, compileExpression } from '../../../matching/expression.ts';
import type { GatewayObject } from '../../../model/gateway.ts';
import type { Exchange } from '../exchange.ts';
import type { Plugin, PluginHost } from '../plugin.ts';
import type { Upstream } from '../proxy/upstream.ts';
import { id } from '../schema/fields.ts';
import { upstream } from '../schema/upstream.ts';
import { upstreamError } from '../upstream-check.ts';
import { varsError } from '../vars-check.ts';

interface Weighted {
  upstream_id?: string | number;
  upstream?: GatewayObject;
  weight: number;
}

interface TrafficSplit {
  rules?: { match?: { vars?: unknown }[]; weighted_upstreams: Weighted[] }[];
}

/** Sends parts of the requests to other upstreams, by weight. */
export const trafficSplit: Plugin<TrafficSplit> = {
  name: 'traffic-split',
  version: 0.1,
  priority: 966,
  schema: {
    type: 'object',
    properties: {
      rules: {
        type: 'array',
        items: {
          type: 'object',
          properties: {
            match: {
              type: 'array',
              items: { type: 'object', properties: { vars: { type: 'array' } } },
            },
            weighted_upstreams: {
              type: 'array',
              items: {
                type: 'object',
                properties: {
                  upstream_id: id,
                  upstream,
                  weight: {
                    description: 'used to split traffic between differentupstreams for plugin configuration',
                    type: 'integer',
                    default: 1,
                    minimum: 0,
                  },
                },
              },
              default: [{ weight: 1 }],
              minItems: 1,
              maxItems: 20,
            },
          },
        },
      },
    },
  },
  check({ rules = [] }) {
    for (const { vars } of rules.flatMap((rule) => rule.match ?? [])) {
      const error = varsError(vars);
      if (error !== undefined) return error;
    }
    const upstreams = rules.flatMap((rule) => rule.weighted_upstreams ?? []);
    return upstreams.map((each) => upstreamError(each.upstream)).find((error) => error !== undefined);
  },
  compile({ rules = [] }, host) {
    const prepared = rules.map((rule) => ({
      ids: rule.weighted_upstreams.flatMap((each) => each.upstream_id ?? []).map(String),
      match: rule.match?.map(({ vars }) => compileExpression(vars)),
      pick: turns(rule.weighted_upstreams, host),
    }));
    return {
      access(exchange) {
        // As APISIX has it: a list of no conditions says what the one before it said.
        let passes = true;
        for (const { ids, match, pick } of prepared) {
          const missing = ids.find((each) => host.upstream({ id: each }) === undefined);
          if (missing !== undefined) {
            return { status: 500, body: `failed to fetch upstream info by upstream id: ${missing}` };
          }
          passes = match === undefined || holdsAny(match, exchange, passes);
          if (!passes) continue;
          exchange.upstream = pick();
          return undefined;
        }
        return undefined;
      },
    };
  },
};

function holdsAny(conditions: CompiledExpression[], exchange: Exchange, before: boolean): boolean {
  return conditions.length === 0 ? before : conditions.some((holds) => holds(exchange));
}

/** What of an upstream this plugin takes (apisix/plugins/traffic-split.lua, `set_upstream`). */
const TAKEN = ['name', 'type', 'hash_on', 'pass_host', 'upstream_host', 'key', 'nodes', 'timeout', 'scheme'];

/**
 * Takes turns by weight, smoothly: heavier ones come more often, but not in bursts. `undefined` stands for the route's
 * own upstream; of several entries for one upstream the last counts.
 */
function turns(upstreams: readonly Weighted[], host: PluginHost): () => Upstream | undefined {
  const parts = new Map<unknown, { weight: number; current: number; upstream(): Upstream | undefined }>();
  for (const { upstream_id: named, upstream: given, weight } of upstreams) {
    const own = given && Object.fromEntries(Object.entries(given).filter(([name]) => TAKEN.includes(name)));
    const key = named === undefined ? given : String(named);
    const find =
      named === undefined ? own && (() => host.upstream(own)) : () => host.upstream({ id: String(named) });
    if (weight > 0) parts.set(key, { weight, current: 0, upstream: find ?? (() => undefined) });
    else parts.delete(key);
  }
  const total = [...parts.values()].reduce((sum, { weight }) => sum + weight, 0);
  return () => {
    let best: { current: number; upstream(): Upstream | undefined } | undefined;
    for (const part of parts.values()) {
      part.current += part.weight;
      if (best === undefined || part.current > best.current) best = part;
    }
    if (best === undefined) return undefined;
    best.current -= total;
    return best.upstream();
  };
}
