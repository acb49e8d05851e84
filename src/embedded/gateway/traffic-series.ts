/** Upper bounds in milliseconds, as in APISIX. */
const BOUNDS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 30000, 60000];

/** What is known of one exchange that is over. */
export interface ObservedExchange {
  route: string;
  service: string;
  consumer: string;
  /** The address of the node that was tried last, without its port. */
  node: string;
  matchedUri: string;
  matchedHost: string;
  status: number;
  /** Milliseconds; `upstream` where there was one. */
  latency: { request: number; upstream: number | undefined; apisix: number };
  /** Bytes, heads and all. */
  ingress: number;
  egress: number;
}

/** A sample as the registry of prom-client writes it. */
interface Value {
  value: number;
  labels: Record<string, string>;
  metricName?: string;
}

/** One metric with all its samples, as prom-client's registry takes them. */
export interface CollectedMetric {
  name: string;
  help: string;
  type: 'counter' | 'histogram';
  /** How the metrics of several processes become one. */
  aggregator: 'sum';
  get(): Promise<CollectedMetric & { values: Value[] }>;
  reset(): void;
}

class Distribution {
  /** By bound, not added up. */
  readonly counts = new Array<number>(BOUNDS.length + 1).fill(0);
  sum = 0;
  count = 0;

  add(value: number): void {
    let at = 0;
    while (at < BOUNDS.length && value > (BOUNDS[at] as number)) at++;
    this.counts[at] = (this.counts[at] as number) + 1;
    this.sum += value;
    this.count++;
  }

  *values(name: string, labels: Record<string, string>): Generator<Value> {
    let total = 0;
    for (const [index, count] of this.counts.entries()) {
      total += count;
      const le = String(BOUNDS[index] ?? '+Inf');
      yield { value: total, labels: { ...labels, le }, metricName: `${name}_bucket` };
    }
    yield { value: this.sum, labels, metricName: `${name}_sum` };
    yield { value: this.count, labels, metricName: `${name}_count` };
  }
}

/** What is counted under one set of labels. */
class Series {
  readonly labels: Record<string, string>;
  readonly statuses = new Map<string, Value>();
  readonly latency = {
    request: new Distribution(),
    upstream: new Distribution(),
    apisix: new Distribution(),
  };
  ingress = 0;
  egress = 0;

  constructor({ route, service, consumer, node }: ObservedExchange) {
    this.labels = {
      route,
      service,
      consumer,
      node,
      // APISIX tells calls of language models apart; this gateway makes none.
      request_type: 'traditional_http',
      request_llm_model: '',
      llm_model: '',
    };
  }

  add({ status, matchedUri, matchedHost, latency, ingress, egress }: ObservedExchange): void {
    const key = `${status}\n${matchedUri}\n${matchedHost}`;
    let count = this.statuses.get(key);
    if (count === undefined) {
      // In the order in which APISIX writes them: some readers are no more than a regular expression.
      const { route = '' } = this.labels;
      const first = { code: String(status), route, matched_uri: matchedUri, matched_host: matchedHost };
      count = { value: 0, labels: { ...first, ...this.labels } };
      this.statuses.set(key, count);
    }
    count.value++;
    this.latency.request.add(latency.request);
    if (latency.upstream !== undefined) this.latency.upstream.add(latency.upstream);
    this.latency.apisix.add(latency.apisix);
    this.ingress += ingress;
    this.egress += egress;
  }
}

/**
 * The metrics of requests, by route. prom-client would look up each label of six samples for each request, which takes
 * longer than the request itself: here one key finds all that a request is counted in, and labels are written when the
 * metrics are asked for.
 */
export class TrafficSeries {
  readonly #series = new Map<string, Series>();

  add(observed: ObservedExchange): void {
    const { route, service, consumer, node } = observed;
    // Names can hold anything, so that no mark would part them.
    const key = `${route.length} ${service.length} ${route}${service}${consumer}\n${node}`;
    let series = this.#series.get(key);
    if (series === undefined) {
      series = new Series(observed);
      this.#series.set(key, series);
    }
    series.add(observed);
  }

  /** For a registry of prom-client. */
  metrics(): CollectedMetric[] {
    return [
      this.#collected(
        'apisix_http_status',
        'HTTP status codes per service in APISIX',
        'counter',
        ({ statuses }) => [...statuses.values()],
      ),
      this.#collected(
        'apisix_http_latency',
        'HTTP request latency in milliseconds per service in APISIX',
        'histogram',
        ({ latency, labels }) =>
          Object.entries(latency).flatMap(([type, times]) =>
            times.count === 0 ? [] : [...times.values('apisix_http_latency', { type, ...labels })],
          ),
      ),
      this.#collected(
        'apisix_bandwidth',
        'Total bandwidth in bytes consumed per service in APISIX',
        'counter',
        ({ ingress, egress, labels }) => [
          { value: ingress, labels: { type: 'ingress', ...labels } },
          { value: egress, labels: { type: 'egress', ...labels } },
        ],
      ),
    ];
  }

  #collected(
    name: string,
    help: string,
    type: CollectedMetric['type'],
    valuesOf: (series: Series) => Value[],
  ): CollectedMetric {
    const about = { name, help, type, aggregator: 'sum', reset: () => this.#series.clear() } as const;
    const metric: CollectedMetric = {
      ...about,
      get: async () => ({ ...metric, values: [...this.#series.values()].flatMap(valuesOf) }),
    };
    return metric;
  }
}
