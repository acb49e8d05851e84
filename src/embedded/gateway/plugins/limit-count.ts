import type { Exchange } from '../exchange.ts';
import type { Plugin } from '../plugin.ts';
import { template, variable } from '../variables.ts';

interface LimitCount {
  count: number;
  time_window: number;
  key: string;
  key_type: 'var' | 'var_combination' | 'constant';
  rejected_code: number;
  rejected_msg?: string;
  policy: string;
  group?: string;
  show_limit_quota_header: boolean;
}

interface Window {
  remaining: number;
  endsAt: number;
}

/** Keys can come from clients: beyond this many the oldest is forgotten, as in APISIX's bounded shared memory. */
const MAX_KEYS = 100_000;

/** Counters of a fixed window, as lua-resty-limit-traffic's limit.count keeps them. */
class Counters {
  readonly #windows = new Map<string, Window>();
  #sweepAt = 0;

  take(key: string, count: number, windowMs: number, now: number): Window {
    if (now >= this.#sweepAt) this.#sweep(now, windowMs);
    let window = this.#windows.get(key);
    if (window === undefined || window.endsAt <= now) {
      window = { remaining: count, endsAt: now + windowMs };
      this.#windows.delete(key);
      this.#windows.set(key, window);
      if (this.#windows.size > MAX_KEYS) this.#forgetOldest();
    }
    window.remaining--;
    return window;
  }

  #forgetOldest(): void {
    for (const key of this.#windows.keys()) {
      this.#windows.delete(key);
      return;
    }
  }

  #sweep(now: number, windowMs: number): void {
    this.#sweepAt = now + windowMs;
    for (const [key, window] of this.#windows) if (window.endsAt <= now) this.#windows.delete(key);
  }
}

/** How the quota is told, unless the metadata of the plugin has other names. */
const HEADERS = {
  limit_header: 'X-RateLimit-Limit',
  remaining_header: 'X-RateLimit-Remaining',
  reset_header: 'X-RateLimit-Reset',
};

/** Counters of configurations with the same `group` are one. */
const groups = {};

/** At most `count` requests for each key in `time_window` seconds. */
export const limitCount: Plugin<LimitCount> = {
  name: 'limit-count',
  version: 0.4,
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
  },
  metadataSchema: {
    type: 'object',
    properties: {
      limit_header: { type: 'string', default: HEADERS.limit_header },
      remaining_header: { type: 'string', default: HEADERS.remaining_header },
      reset_header: { type: 'string', default: HEADERS.reset_header },
    },
  },
  check: (configuration) =>
    configuration.policy !== undefined && configuration.policy !== 'local'
      ? `policy "${configuration.policy}" is not available in this gateway, only "local" is`
      : undefined,
  compile(configuration, host) {
    const counters = countersOf(configuration, host);
    const keyOf = keyReader(configuration);
    const windowMs = configuration.time_window * 1000;
    const windows = {};
    const { rejected_code: status, rejected_msg: message } = configuration;
    return {
      access(exchange) {
        const now = host.now();
        const window = counters.take(keyOf(exchange), configuration.count, windowMs, now);
        const { remaining } = window;
        exchange.note(windows, {
          remaining: Math.max(remaining, 0),
          reset: Math.ceil((window.endsAt - now) / 1000),
        });
        if (remaining >= 0) return undefined;
        return message === undefined ? { status } : { status, body: { error_msg: message } };
      },
      headerFilter(exchange) {
        const quota = exchange.noted(windows) as { remaining: number; reset: number } | undefined;
        if (quota === undefined || !configuration.show_limit_quota_header) return;
        const headers = exchange.response?.headers;
        const names: typeof HEADERS = { ...HEADERS, ...host.metadata('limit-count') };
        headers?.set(names.limit_header, String(configuration.count));
        headers?.set(names.remaining_header, String(quota.remaining));
        headers?.set(names.reset_header, String(quota.reset));
      },
    };
  },
};

function countersOf(configuration: LimitCount, host: Parameters<typeof limitCount.compile>[1]): Counters {
  const { group } = configuration;
  if (group === undefined) return new Counters();
  const byGroup = host.shared(groups, () => new Map<string, Counters>());
  let counters = byGroup.get(group);
  if (counters === undefined) {
    counters = new Counters();
    byGroup.set(group, counters);
  }
  return counters;
}

/** A key without a value falls back to the client's address, as in APISIX. */
function keyReader({ key, key_type }: LimitCount): (exchange: Exchange) => string {
  if (key_type === 'constant') return () => key;
  if (key_type === 'var')
    return (exchange) => variable(exchange, key.replace(/^\$/, '')) ?? exchange.remoteAddress;
  const combination = template(key);
  return (exchange) =>
    combination.resolved(exchange) === 0 ? exchange.remoteAddress : combination.render(exchange);
}
