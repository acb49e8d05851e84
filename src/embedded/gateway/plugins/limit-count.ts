import { messageOf } from '../../../errors.ts';
import { bytesOf } from '../../../matching/bytes.ts';
import type { Answer } from '../answer.ts';
import type { Window } from '../counters.ts';
import type { Exchange } from '../exchange.ts';
import type { Plugin } from '../plugin.ts';
import {
  countersOf,
  type Limit,
  limitError,
  limitKey,
  limitName,
  policyConditions,
  refusal,
} from '../plugin-support/limits.ts';

interface LimitCount extends Limit {
  count: number;
  time_window: number;
  /** Configurations with the same group count together. */
  group?: string;
  show_limit_quota_header: boolean;
}

/** How the quota is told, unless the metadata of the plugin has other names. */
const HEADERS = {
  limit_header: 'X-RateLimit-Limit',
  remaining_header: 'X-RateLimit-Remaining',
  reset_header: 'X-RateLimit-Reset',
};

/** At most `count` requests for each key in `time_window` seconds. */
export const limitCount: Plugin<LimitCount> = {
  name: 'limit-count',
  version: 0.5,
  priority: 1002,
  schema: {
    type: 'object',
    properties: {
      count: { type: 'integer', exclusiveMinimum: 0 },
      time_window: { type: 'integer', exclusiveMinimum: 0 },
      group: { type: 'string' },
      key: { type: 'string', default: 'remote_addr' },
      key_type: { type: 'string', enum: ['var', 'var_combination', 'constant'], default: 'var' },
      rejected_code: { type: 'integer', minimum: 200, maximum: 599, default: 503 },
      rejected_msg: { type: 'string', minLength: 1 },
      policy: { type: 'string', enum: ['local', 'redis', 'redis-cluster'], default: 'local' },
      allow_degradation: { type: 'boolean', default: false },
      show_limit_quota_header: { type: 'boolean', default: true },
    },
    required: ['count', 'time_window'],
    ...policyConditions,
  },
  metadataSchema: {
    type: 'object',
    properties: {
      limit_header: { type: 'string', default: HEADERS.limit_header },
      remaining_header: { type: 'string', default: HEADERS.remaining_header },
      reset_header: { type: 'string', default: HEADERS.reset_header },
    },
  },
  fieldsOf: (metadata) => Object.keys(HEADERS).map((name) => [metadata[name], '']),
  groupOf: ({ group }) => group,
  check: limitError,
  compile(configuration, host, globalRule) {
    const counters = countersOf(configuration, host);
    const { count, time_window: seconds, group, allow_degradation: degrades } = configuration;
    const grouped = group === undefined ? undefined : bytesOf(`plugin-limit-count${group}`);
    const nameOf =
      grouped === undefined ? limitName('limit-count', configuration, globalRule) : () => grouped;
    const keyOf = limitKey(configuration);
    const rule = { count, seconds, cost: 1 };
    const windows = {};
    function judge(exchange: Exchange, window: Window): Answer | undefined {
      exchange.note(windows, window);
      return window.remaining >= 0 ? undefined : refusal(configuration);
    }
    function failed(error: unknown): Answer | undefined {
      host.log('error', `failed to limit count: ${messageOf(error)}`);
      return degrades ? undefined : { status: 500, body: { error_msg: 'failed to limit count' } };
    }
    return {
      access(exchange) {
        const window = counters.takeWindow(nameOf(exchange), keyOf(exchange), rule);
        if (!(window instanceof Promise)) return judge(exchange, window);
        return window.then((each) => judge(exchange, each), failed);
      },
      headerFilter(exchange) {
        const window = exchange.noted(windows) as Window | undefined;
        if (window === undefined || !configuration.show_limit_quota_header) return;
        const headers = exchange.response?.headers;
        const names: typeof HEADERS = { ...HEADERS, ...host.metadata('limit-count') };
        headers?.set(names.limit_header, String(count));
        headers?.set(names.remaining_header, String(Math.max(window.remaining, 0)));
        headers?.set(names.reset_header, String(window.resetSeconds));
      },
    };
  },
};
