import type { Plugin, Verdict } from '../plugin.ts';
import {
  countersOf,
  type Limit,
  limitError,
  limitKey,
  limitName,
  policyConditions,
  refusal,
  unreachable,
} from '../plugin-support/limits.ts';
import { pause } from '../plugin-support/pause.ts';

interface LimitReq extends Limit {
  rate: number;
  burst: number;
  nodelay: boolean;
}

/** A leaky bucket for each key: `rate` requests a second, up to `burst` more are delayed, or let through at once with `nodelay`. */
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
    ...policyConditions,
  },
  check: limitError,
  compile(configuration, host, globalRule) {
    const counters = countersOf(configuration, host);
    const { rate, nodelay } = configuration;
    const nameOf = limitName('limit-req', configuration, globalRule);
    const keyOf = limitKey(configuration);
    function judge(excess: number | undefined): Verdict {
      if (excess === undefined) return refusal(configuration);
      return nodelay ? undefined : pause(excess / rate);
    }
    const failed = unreachable('limit req', configuration, host);
    return {
      access(exchange) {
        const excess = counters.fillBucket(nameOf(exchange), keyOf(exchange), configuration);
        return excess instanceof Promise ? excess.then(judge, failed) : judge(excess);
      },
    };
  },
};
