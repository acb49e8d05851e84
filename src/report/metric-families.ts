import type { Measured } from '../model/measured.ts';
import type { MetricFamily, MetricsSnapshot, QueueMetrics, ServiceMetrics } from '../model/metrics.ts';

type Samples = MetricFamily['samples'];

/** The snapshot as metrics of Prometheus. What was not measured has no sample; `qbtc_measured` says so. */
export function metricFamilies(snapshot: MetricsSnapshot): MetricFamily[] {
  const { stack } = snapshot;
  const family = (
    name: string,
    help: string,
    type: MetricFamily['type'],
    samples: Samples,
  ): MetricFamily => ({
    name: `qbtc_${name}`,
    help,
    type,
    samples: samples.map(({ labels, value }) => ({ labels: { stack, ...labels }, value })),
  });
  const of = <Value>(measured: Measured<Value>, samples: (value: Value) => Samples): Samples =>
    measured.measured ? samples(measured.value) : [];
  const one = (value: number | undefined): Samples => (value === undefined ? [] : [{ labels: {}, value }]);
  const { machine, services, broker, cache, database, gateway } = snapshot;
  const perService = (pick: (service: ServiceMetrics) => number | undefined) =>
    of(services, (all) =>
      all.flatMap((service) => {
        const value = pick(service);
        return value === undefined ? [] : [{ labels: { instance: service.instance }, value }];
      }),
    );
  const perQueue = (pick: (queue: QueueMetrics) => number) =>
    of(broker, (all) => all.map((queue) => ({ labels: { queue: queue.queue }, value: pick(queue) })));
  const sources = { machine, services, broker, cache, database, gateway };
  return [
    family('measured', 'Whether a source could be measured.', 'gauge', [
      ...Object.entries(sources).map(([source, { measured }]) => ({
        labels: { source },
        value: measured ? 1 : 0,
      })),
    ]),
    family(
      'machine_load1',
      'Load average over one minute.',
      'gauge',
      of(machine, ({ load }) => one(load[0])),
    ),
    family(
      'machine_cores',
      'Processors.',
      'gauge',
      of(machine, ({ cores }) => one(cores)),
    ),
    family(
      'machine_memory_bytes',
      'Memory of the machine.',
      'gauge',
      of(machine, (m) => one(m.memoryBytes)),
    ),
    family(
      'machine_memory_free_bytes',
      'Memory that is free.',
      'gauge',
      of(machine, (m) => one(m.freeMemoryBytes)),
    ),
    family(
      'machine_disk_free_bytes',
      'Free on the disk of the stack.',
      'gauge',
      of(machine, (m) => one(m.freeDiskBytes)),
    ),
    family(
      'service_requests_total',
      'Requests since the instance started.',
      'counter',
      perService((s) => s.requests),
    ),
    family(
      'service_errors_total',
      'Requests answered with 5xx.',
      'counter',
      perService((s) => s.errors),
    ),
    family(
      'service_request_p50_seconds',
      'Median of the durations.',
      'gauge',
      perService((s) => seconds(s.p50Ms)),
    ),
    family(
      'service_request_p99_seconds',
      '99th percentile of the durations.',
      'gauge',
      perService((s) => seconds(s.p99Ms)),
    ),
    family(
      'service_memory_bytes',
      'Resident memory.',
      'gauge',
      perService((s) => s.memoryBytes),
    ),
    family(
      'service_cpu_seconds_total',
      'Processor time.',
      'counter',
      perService((s) => s.cpuSeconds),
    ),
    family(
      'queue_ready',
      'Messages that wait.',
      'gauge',
      perQueue((queue) => queue.ready),
    ),
    family(
      'queue_unacknowledged',
      'Messages under way.',
      'gauge',
      perQueue((queue) => queue.unacknowledged),
    ),
    family(
      'queue_consumers',
      'Consumers.',
      'gauge',
      perQueue((queue) => queue.consumers),
    ),
    family(
      'cache_keys',
      'Keys of the cache.',
      'gauge',
      of(cache, ({ keys }) => one(keys)),
    ),
    family(
      'cache_memory_bytes',
      'Memory of the cache.',
      'gauge',
      of(cache, (c) => one(c.memoryBytes)),
    ),
    family(
      'cache_hits_total',
      'Reads that found a key.',
      'counter',
      of(cache, ({ hits }) => one(hits)),
    ),
    family(
      'cache_misses_total',
      'Reads that found none.',
      'counter',
      of(cache, ({ misses }) => one(misses)),
    ),
    family(
      'database_size_bytes',
      'Size of the database.',
      'gauge',
      of(database, (d) => one(d.sizeBytes)),
    ),
    family(
      'database_connections',
      'Connections.',
      'gauge',
      of(database, (d) => one(d.connections)),
    ),
    family(
      'database_commits_total',
      'Transactions committed.',
      'counter',
      of(database, (d) => one(d.committed)),
    ),
    family(
      'database_rollbacks_total',
      'Transactions rolled back.',
      'counter',
      of(database, (d) => one(d.rolledBack)),
    ),
    family(
      'database_deadlocks_total',
      'Deadlocks.',
      'counter',
      of(database, (d) => one(d.deadlocks)),
    ),
    family(
      'gateway_requests_total',
      'Requests to the gateway.',
      'counter',
      of(gateway, (g) => one(g.requests)),
    ),
    family(
      'gateway_route_requests_total',
      'Requests proxied, by route and status.',
      'counter',
      of(gateway, ({ routes }) =>
        routes.map(({ route, status, count }) => ({ labels: { route, status }, value: count })),
      ),
    ),
  ];
}

function seconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / 1000;
}
