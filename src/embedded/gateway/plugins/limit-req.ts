import type { Exchange } from '../exchange.ts';
import type { Plugin } from '../plugin.ts';
import { template, variable } from '../variables.ts';

interface LimitReq {
  rate: number;
  burst: number;
  key: string;
  key_type: 'var' | 'var_combination';
  policy: string;
  rejected_code: number;
  rejected_msg?: string;
  nodelay: boolean;
}

interface Bucket {
  /** Requests above the rate, as of `last`. */
  excess: number;
  last: number;
}

/** Keys can come from clients: beyond this many the oldest is forgotten, as in APISIX's bounded shared memory. */
const MAX_KEYS = 100_000;
/** What is shorter is not waited for, as in APISIX. */
const LEAST_DELAY_SECONDS = 0.001;

/**
 * A leaky bucket for each key: `rate` requests a second, up to `burst` more are delayed (or let through at once with
 * `nodelay`). The arithmetic is lua-resty-limit-traffic's `resty.limit.req`.
 */
export const limitReq: Plugin<LimitReq> = {
  name: 'limit-req',
  version: 0.1,
  priority: 1001,
  schema: {
    type: 'object',
    properties: {
      rate: { type: 'number', exclusiveMinimum: 0 },
      key: { type: 'string' },
      burst: { type: 'number', minimum: 0 },
      key_type: { type: 'string', enum: ['var', 'var_combination'], default: 'var' },
      policy: { type: 'string', enum: ['redis', 'redis-cluster', 'local'], default: 'local' },
      rejected_code: { type: 'integer', minimum: 200, maximum: 599, default: 503 },
      rejected_msg: { type: 'string', minLength: 1 },
      nodelay: { type: 'boolean', default: false },
      allow_degradation: { type: 'boolean', default: false },
    },
    required: ['key', 'burst', 'rate'],
  },
  check: (configuration) =>
    configuration.policy !== undefined && configuration.policy !== 'local'
      ? `policy "${configuration.policy}" is not available in this gateway, only "local" is`
      : undefined,
  compile({ rate, burst, key, key_type, rejected_code: status, rejected_msg: message, nodelay }, host) {
    const buckets = new Map<string, Bucket>();
    const keyOf = keyReader(key, key_type);
    return {
      access(exchange) {
        const now = host.now();
        const name = keyOf(exchange);
        const bucket = buckets.get(name);
        const elapsed = bucket === undefined ? 0 : Math.abs(now - bucket.last) / 1000;
        const excess = bucket === undefined ? 0 : Math.max(bucket.excess - rate * elapsed + 1, 0);
        if (excess > burst) {
          return message === undefined ? { status } : { status, body: { error_msg: message } };
        }
        buckets.delete(name);
        buckets.set(name, { excess, last: now });
        if (buckets.size > MAX_KEYS) buckets.delete(buckets.keys().next().value as string);
        const delay = excess / rate;
        if (nodelay || delay < LEAST_DELAY_SECONDS) return undefined;
        return new Promise((resolve) => setTimeout(resolve, delay * 1000, undefined));
      },
    };
  },
};

/** A key without a value falls back to the client's address, as in APISIX. */
function keyReader(key: string, type: LimitReq['key_type']): (exchange: Exchange) => string {
  if (type === 'var') return (exchange) => variable(exchange, key) ?? exchange.remoteAddress;
  const combination = template(key);
  return (exchange) =>
    combination.resolved(exchange) === 0 ? exchange.remoteAddress : combination.render(exchange);
}
