import { hostname } from 'node:os';
import { AggregatorRegistry, Counter, Gauge, type Metric, Registry } from 'prom-client';
import { textOf } from '../../matching/bytes.ts';
import type { Exchange } from './exchange.ts';
import type { PluginGauge, PluginHost } from './plugin.ts';
import { TrafficSeries } from './traffic-series.ts';

const KEY = {};

/** Connections of clients by what they do at the moment; the names are nginx's. */
export interface ConnectionStates {
  /** A head is being read. */
  reading: number;
  /** A request is being served. */
  writing: number;
  /** Between two requests. */
  waiting: number;
}

/** A node that health checks watch. */
export interface CheckedNode {
  /** The key of the resource that has the checks: `/apisix/upstreams/1`. */
  name: string;
  ip: string;
  port: number;
  healthy: boolean;
}

/** What is looked at when the metrics are asked for. */
export interface MetricSources {
  connections(): Iterable<ConnectionStates>;
  checkedNodes(): Iterable<CheckedNode>;
}

const REQUESTS = 'apisix_http_requests_total';
const CONNECTIONS = 'apisix_nginx_http_current_connections';

/** The metrics of one gateway, under the names and labels of APISIX's prometheus plugin. */
export class TrafficMetrics {
  readonly registry = new Registry();
  readonly #registers = [this.registry];
  readonly #requests = new Gauge({
    name: REQUESTS,
    help: 'The total number of client requests since APISIX started',
    registers: this.#registers,
  });
  readonly #refused = new Counter({
    name: 'qbtc_gateway_refused_requests_total',
    help: 'Requests that break the rules of HTTP, by the rule',
    labelNames: ['reason'],
    registers: this.#registers,
  });
  readonly #series = new TrafficSeries();
  readonly #gauges = new Map<string, Gauge>();
  #connections = 0;

  constructor(version: string) {
    new Gauge({
      name: 'apisix_node_info',
      help: 'Info of APISIX node',
      labelNames: ['hostname', 'version'],
      aggregator: 'first',
      registers: this.#registers,
    }).set({ hostname: hostname(), version }, 1);
    // The registry asks nothing of a metric but its name and what `get` gives.
    for (const metric of this.#series.metrics()) this.registry.registerMetric(metric as unknown as Metric);
  }

  /** Tells from now on what stands in these, too. */
  watch(sources: MetricSources): void {
    const accepted = () => this.#connections;
    new Gauge({
      name: CONNECTIONS,
      help: 'Number of HTTP connections',
      labelNames: ['state'],
      registers: this.#registers,
      collect() {
        const total = { reading: 0, writing: 0, waiting: 0 };
        for (const { reading, writing, waiting } of sources.connections()) {
          total.reading += reading;
          total.writing += writing;
          total.waiting += waiting;
        }
        const active = total.reading + total.writing + total.waiting;
        const states = { active, accepted: accepted(), handled: accepted(), ...total };
        for (const [state, value] of Object.entries(states)) this.set({ state }, value);
      },
    });
    new Gauge({
      name: 'apisix_upstream_status',
      help: 'Upstream status from health check',
      labelNames: ['name', 'ip', 'port'],
      aggregator: 'first',
      registers: this.#registers,
      collect() {
        this.reset();
        for (const { healthy, ...labels } of sources.checkedNodes()) this.set(labels, healthy ? 1 : 0);
      },
    });
  }

  /** A gauge of a plugin's own. */
  gauge(
    { name, help, together: aggregator }: PluginGauge,
    labels: Record<string, string>,
    value: number,
  ): void {
    let gauge = this.#gauges.get(name);
    if (gauge === undefined) {
      const labelNames = Object.keys(labels);
      gauge = new Gauge({ name, help, aggregator, labelNames, registers: this.#registers });
      this.#gauges.set(name, gauge);
    }
    gauge.set(labels, value);
  }

  /** A client has come. */
  countConnection(): void {
    this.#connections++;
  }

  /** Every request, whether its route has the plugin or not. */
  countRequest(): void {
    this.#requests.inc();
  }

  /** A request that breaks the rules of HTTP, by the rule. */
  countRefused(reason: string): void {
    this.#refused.inc({ reason });
  }

  /**
   * A request of a route with the plugin, when it is over.
   *
   * @param byName whether routes and services stand there by their names, where they have some
   */
  observe(exchange: Exchange, byName = false): void {
    const { route, upstreamResponseMs: upstream } = exchange;
    const request = performance.now() - exchange.startedAt;
    this.#series.add({
      route: byName && route?.name !== undefined ? textOf(route.name) : (route?.id ?? ''),
      service:
        byName && route?.serviceName !== undefined ? textOf(route.serviceName) : (route?.serviceId ?? ''),
      consumer: exchange.consumer?.username ?? '',
      node: exchange.upstreamAddress?.replace(/:\d+$/, '') ?? '',
      matchedUri: route?.uri ?? '',
      matchedHost: route?.host ?? '',
      status: exchange.response?.status ?? CLIENT_WENT_AWAY,
      latency: { request, upstream, apisix: Math.max(request - (upstream ?? 0), 0) },
      ingress: exchange.requestBytes,
      egress: exchange.answerBytes,
    });
  }
}

/** nginx's status of an exchange that the client ended before there was an answer. */
const CLIENT_WENT_AWAY = 499;
/** Stands in `apisix_node_info`: a reader of the metrics must be able to tell that this is not APISIX. */
const VERSION = 'qbtc-gateway';

export function trafficMetrics(host: Pick<PluginHost, 'shared'>): TrafficMetrics {
  return host.shared(KEY, () => new TrafficMetrics(VERSION));
}

/** A metric with its samples, as one process has them. */
export type MetricValues = Awaited<ReturnType<Registry['getMetricsAsJSON']>>[number];

/** The metrics of several processes as those of one. */
export function together(processes: readonly MetricValues[][]): Registry {
  return AggregatorRegistry.aggregate([...processes]);
}

/** What of a process's metrics counts on when it has ended: what has happened, not what was so at the moment. */
export function lasting(metrics: readonly MetricValues[]): MetricValues[] {
  return metrics.flatMap((metric): MetricValues[] => {
    // Its types are numbers as it declares them, and words as it gives them.
    const type = String(metric.type);
    if (type === 'counter' || type === 'histogram' || metric.name === REQUESTS) return [metric];
    if (metric.name !== CONNECTIONS) return [];
    const values = metric.values.filter(({ labels }) => /^(accepted|handled)$/.test(String(labels.state)));
    return [{ ...metric, values } as MetricValues];
  });
}
