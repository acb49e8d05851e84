import type { Exchange } from '../exchange.ts';
import { HeaderList } from '../http/header-list.ts';
import type { Plugin, PluginHost } from '../plugin.ts';
import { template } from '../template.ts';

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

/** What an upstream has answered, when (seconds since the epoch), and how many of its kind it takes until that matters. */
type Seen = [key: string, kind: 'failure' | 'success', at: number, enough: number];

const circuitsKey = {};
const MAX_CIRCUITS = 10_000;

/**
 * Shared by all configurations and workers, as in APISIX: a circuit belongs to a host and URI, not to a route. A worker
 * that is new knows none.
 */
class Circuits {
  readonly #byKey = new Map<string, Circuit>();
  readonly #now: () => number;
  /** Lets all workers know what was seen. */
  readonly tell: (seen: Seen) => void;

  constructor(host: PluginHost) {
    this.#now = () => host.now();
    this.tell = host.bulletin('api-breaker', (seen: Seen) => this.#take(seen));
  }

  get(key: string): Circuit | undefined {
    return this.#byKey.get(key);
  }

  /** Seconds since the epoch. */
  seconds(): number {
    return Math.floor(this.#now() / 1000);
  }

  #take([key, kind, at, enough]: Seen): void {
    const circuit = this.#byKey.get(key);
    if (kind === 'failure') {
      this.#fail(key, circuit ?? { failures: 0, successes: 0, openedAt: 0 }, at, enough);
      return;
    }
    if (circuit === undefined) return;
    circuit.successes += 1;
    if (circuit.successes >= enough) this.#byKey.delete(key);
  }

  #fail(key: string, circuit: Circuit, at: number, enough: number): void {
    circuit.failures += 1;
    circuit.successes = 0;
    if (circuit.failures % enough === 0) circuit.openedAt = at;
    if (!this.#byKey.has(key) && this.#byKey.size >= MAX_CIRCUITS)
      this.#byKey.delete(this.#byKey.keys().next().value as string);
    this.#byKey.set(key, circuit);
  }
}

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
  fieldsOf: ({ break_response_headers: fields = [] }) =>
    (fields as { key: string; value: string }[]).map(({ key, value }) => [key, value]),
  compile(configuration, host) {
    const circuits = host.shared(circuitsKey, () => new Circuits(host));
    const { break_response_code: status, break_response_body: body, unhealthy, healthy } = configuration;
    const headers = (configuration.break_response_headers ?? []).map(({ key, value }) => ({
      key,
      value: template(value),
    }));
    return {
      access(exchange) {
        const circuit = circuits.get(keyOf(exchange));
        if (circuit === undefined || circuit.openedAt === 0) return undefined;
        const now = circuits.seconds();
        // APISIX forgets the moment after `max_breaker_sec`, not the failures.
        if (now >= circuit.openedAt + configuration.max_breaker_sec) return undefined;
        const times = Math.max(1, Math.floor(circuit.failures / unhealthy.failures));
        const pause = Math.min(2 ** times, configuration.max_breaker_sec);
        if (circuit.openedAt + pause < now) return undefined;
        if (body === undefined) return { status };
        const fields = new HeaderList();
        for (const { key, value } of headers) fields.append(key, value.render(exchange));
        return { status, body, fields };
      },
      log(exchange) {
        const seen = exchange.upstreamStatus;
        if (seen === undefined) return;
        const key = keyOf(exchange);
        if (unhealthy.http_statuses.includes(seen))
          circuits.tell([key, 'failure', circuits.seconds(), unhealthy.failures]);
        else if (circuits.get(key) !== undefined && healthy.http_statuses.includes(seen))
          circuits.tell([key, 'success', circuits.seconds(), healthy.successes]);
      },
    };
  },
};

const keyOf = (exchange: Exchange) => exchange.host + exchange.path;
