import { hostname } from 'node:os';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Exchange } from './exchange.ts';
import type { PluginHost } from './plugin.ts';

const BUCKETS_MS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 30000, 60000];
const KEY = {};

/** The metrics of one gateway, under the names and labels of APISIX's prometheus plugin. */
export class TrafficMetrics {
  readonly registry = new Registry();
  readonly #registers = [this.registry];
  readonly #requests = new Gauge({
    name: 'apisix_http_requests_total',
    help: 'The total number of client requests since APISIX started',
    registers: this.#registers,
  });
  readonly #status = new Counter({
    name: 'apisix_http_status',
    help: 'HTTP status codes per service in APISIX',
    labelNames: ['code', 'route', 'matched_uri', 'matched_host', 'service', 'consumer', 'node'],
    registers: this.#registers,
  });
  readonly #latency = new Histogram({
    name: 'apisix_http_latency',
    help: 'HTTP request latency in milliseconds per service in APISIX',
    labelNames: ['type', 'route', 'service', 'consumer', 'node'],
    buckets: BUCKETS_MS,
    registers: this.#registers,
  });
  readonly #bandwidth = new Counter({
    name: 'apisix_bandwidth',
    help: 'Total bandwidth in bytes consumed per service in APISIX',
    labelNames: ['type', 'route', 'service', 'consumer', 'node'],
    registers: this.#registers,
  });

  readonly #gauges = new Map<string, Gauge<'route'>>();

  constructor(version: string) {
    new Gauge({
      name: 'apisix_node_info',
      help: 'Info of APISIX node',
      labelNames: ['hostname', 'version'],
      registers: this.#registers,
    }).set({ hostname: hostname(), version }, 1);
  }

  /** A gauge of a plugin's own, one value a route. */
  gauge(name: string, help: string, route: string, value: number): void {
    let gauge = this.#gauges.get(name);
    if (gauge === undefined) {
      gauge = new Gauge({ name, help, labelNames: ['route'], registers: this.#registers });
      this.#gauges.set(name, gauge);
    }
    gauge.set({ route }, value);
  }

  /** Every request, whether its route has the plugin or not. */
  countRequest(): void {
    this.#requests.inc();
  }

  /** A request of a route with the plugin, when it is over. */
  observe(exchange: Exchange): void {
    const labels = {
      route: exchange.route?.id ?? '',
      service: exchange.route?.serviceId ?? '',
      consumer: exchange.consumer?.username ?? '',
      node: exchange.upstreamAddress?.replace(/:\d+$/, '') ?? '',
    };
    this.#status.inc({
      ...labels,
      code: exchange.response?.status ?? 499,
      matched_uri: exchange.route?.uri ?? '',
      matched_host: exchange.route?.host ?? '',
    });
    const total = performance.now() - exchange.startedAt;
    this.#latency.observe({ ...labels, type: 'request' }, total);
    if (exchange.upstreamLatencyMs !== undefined) {
      this.#latency.observe({ ...labels, type: 'upstream' }, exchange.upstreamLatencyMs);
      this.#latency.observe({ ...labels, type: 'apisix' }, Math.max(total - exchange.upstreamLatencyMs, 0));
    }
    this.#bandwidth.inc(
      { ...labels, type: 'ingress' },
      Number(exchange.incoming.headers['content-length'] ?? 0),
    );
    this.#bandwidth.inc({ ...labels, type: 'egress' }, exchange.bytesSent);
  }
}

/** Stands in `apisix_node_info`: a reader of the metrics must be able to tell that this is not APISIX. */
const VERSION = 'qbtc-gateway';

export function trafficMetrics(host: Pick<PluginHost, 'shared'>): TrafficMetrics {
  return host.shared(KEY, () => new TrafficMetrics(VERSION));
}
