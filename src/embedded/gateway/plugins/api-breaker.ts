import type { Exchange } from '../exchange.ts';
import type { Plugin } from '../plugin.ts';
import { template } from '../variables.ts';

interface ApiBreaker {
  break_response_code: number;
  break_response_body?: string;
  break_response_headers?: { key: string; value: string }[];
  max_breaker_sec: number;
  unhealthy: { http_statuses: number[]; failures: number };
  healthy: { http_statuses: number[]; successes: number };
}

interface Circuit {
  failures: number;
  successes: number;
  /** Seconds since the epoch; 0 while the circuit was never opened. */
  openedAt: number;
}

/** Shared by all configurations, as in APISIX: a circuit belongs to a host and URI, not to a route. */
const circuitsKey = {};
const MAX_CIRCUITS = 10_000;

const statuses = (minimum: number, maximum: number, fallback: number[]) => ({
  type: 'array',
  minItems: 1,
  items: { type: 'integer', minimum, maximum },
  uniqueItems: true,
  default: fallback,
});

/**
 * Answers in the upstream's place after it failed several times: for 2 seconds after the first `failures` failures, 4
 * after as many more, and so on up to `max_breaker_sec`.
 */
export const apiBreaker: Plugin<ApiBreaker> = {
  name: 'api-breaker',
  version: 0.1,
  priority: 1005,
  schema: {
    type: 'object',
    properties: {
      break_response_code: { type: 'integer', minimum: 200, maximum: 599 },
      break_response_body: { type: 'string' },
      break_response_headers: {
        type: 'array',
        items: {
          type: 'object',
          properties: { key: { type: 'string', minLength: 1 }, value: { type: 'string', minLength: 1 } },
          required: ['key', 'value'],
        },
      },
      max_breaker_sec: { type: 'integer', minimum: 3, default: 300 },
      unhealthy: {
        type: 'object',
        properties: {
          http_statuses: statuses(500, 599, [500]),
          failures: { type: 'integer', minimum: 1, default: 3 },
        },
        default: { http_statuses: [500], failures: 3 },
      },
      healthy: {
        type: 'object',
        properties: {
          http_statuses: statuses(200, 499, [200]),
          successes: { type: 'integer', minimum: 1, default: 3 },
        },
        default: { http_statuses: [200], successes: 3 },
      },
    },
    required: ['break_response_code'],
  },
  compile(configuration, host) {
    const circuits = host.shared(circuitsKey, () => new Map<string, Circuit>());
    const { break_response_code: status, break_response_body: body, unhealthy, healthy } = configuration;
    const headers = (configuration.break_response_headers ?? []).map(({ key, value }) => ({
      key,
      value: template(value),
    }));
    const seconds = () => Math.floor(host.now() / 1000);
    return {
      access(exchange) {
        const circuit = circuits.get(keyOf(exchange));
        if (circuit === undefined || circuit.openedAt === 0) return undefined;
        const now = seconds();
        // APISIX forgets the moment after `max_breaker_sec`, not the failures.
        if (now >= circuit.openedAt + configuration.max_breaker_sec) return undefined;
        const times = Math.max(1, Math.floor(circuit.failures / unhealthy.failures));
        const pause = Math.min(2 ** times, configuration.max_breaker_sec);
        if (circuit.openedAt + pause < now) return undefined;
        if (body === undefined) return { status };
        const own = Object.fromEntries(headers.map(({ key, value }) => [key, value.render(exchange)]));
        return { status, body, headers: own };
      },
      log(exchange) {
        const seen = exchange.upstreamStatus;
        if (seen === undefined) return;
        const key = keyOf(exchange);
        const circuit = circuits.get(key);
        if (unhealthy.http_statuses.includes(seen)) {
          const failed = circuit ?? { failures: 0, successes: 0, openedAt: 0 };
          failed.failures += 1;
          failed.successes = 0;
          if (failed.failures % unhealthy.failures === 0) failed.openedAt = seconds();
          if (circuit === undefined && circuits.size >= MAX_CIRCUITS) {
            circuits.delete(circuits.keys().next().value as string);
          }
          circuits.set(key, failed);
          return;
        }
        if (circuit === undefined || !healthy.http_statuses.includes(seen)) return;
        circuit.successes += 1;
        if (circuit.successes >= healthy.successes) circuits.delete(key);
      },
    };
  },
};

const keyOf = (exchange: Exchange) => exchange.host + exchange.path;
