import type { Measured } from '../../../model/measured.ts';
import type {
  CacheMetrics,
  DatabaseMetrics,
  GatewayMetrics,
  MachineMetrics,
  MetricFamily,
  MetricsSnapshot,
  OfResource,
  QueueMetrics,
  ServiceMetrics,
} from '../../../model/metrics.ts';
import { exposition } from '../../exposition.ts';

/** A metric of something: its name, what it is, its type, and its value; `undefined` where there is none. */
type Metric<Of> = [
  name: string,
  help: string,
  type: MetricFamily['type'],
  value: (of: Of) => number | undefined,
];

const MACHINE: readonly Metric<MachineMetrics>[] = [
  ['machine_load1', 'Load average over one minute.', 'gauge', ({ load }) => load[0]],
  ['machine_cores', 'Processors.', 'gauge', ({ cores }) => cores],
  ['machine_memory_bytes', 'Memory of the machine.', 'gauge', ({ memoryBytes }) => memoryBytes],
  ['machine_memory_free_bytes', 'Memory that is free.', 'gauge', ({ freeMemoryBytes }) => freeMemoryBytes],
  [
    'machine_disk_free_bytes',
    'Free on the disk of the stack.',
    'gauge',
    ({ freeDiskBytes }) => freeDiskBytes,
  ],
];

const SERVICE: readonly Metric<ServiceMetrics>[] = [
  ['service_requests_total', 'Requests since the instance started.', 'counter', ({ requests }) => requests],
  ['service_errors_total', 'Requests answered with 5xx.', 'counter', ({ errors }) => errors],
  ['service_request_p50_seconds', 'Median of the durations.', 'gauge', ({ p50Ms }) => seconds(p50Ms)],
  [
    'service_request_p99_seconds',
    '99th percentile of the durations.',
    'gauge',
    ({ p99Ms }) => seconds(p99Ms),
  ],
  ['service_memory_bytes', 'Resident memory.', 'gauge', ({ memoryBytes }) => memoryBytes],
  ['service_cpu_seconds_total', 'Processor time.', 'counter', ({ cpuSeconds }) => cpuSeconds],
];

const QUEUE: readonly Metric<QueueMetrics>[] = [
  ['queue_ready', 'Messages that wait.', 'gauge', ({ ready }) => ready],
  ['queue_unacknowledged', 'Messages under way.', 'gauge', ({ unacknowledged }) => unacknowledged],
  ['queue_consumers', 'Consumers.', 'gauge', ({ consumers }) => consumers],
];

const CACHE: readonly Metric<CacheMetrics>[] = [
  ['cache_keys', 'Keys of the cache.', 'gauge', ({ keys }) => keys],
  ['cache_memory_bytes', 'Memory of the cache.', 'gauge', ({ memoryBytes }) => memoryBytes],
  ['cache_hits_total', 'Reads that found a key.', 'counter', ({ hits }) => hits],
  ['cache_misses_total', 'Reads that found none.', 'counter', ({ misses }) => misses],
  [
    'cache_max_memory_bytes',
    'Bound of its memory; 0: none.',
    'gauge',
    ({ maxMemoryBytes }) => maxMemoryBytes,
  ],
  ['cache_expired_total', 'Keys that have expired.', 'counter', ({ expired }) => expired],
  ['cache_evicted_total', 'Keys that went for want of memory.', 'counter', ({ evicted }) => evicted],
];

const DATABASE: readonly Metric<DatabaseMetrics>[] = [
  ['database_size_bytes', 'Size of the database.', 'gauge', ({ sizeBytes }) => sizeBytes],
  ['database_connections', 'Connections.', 'gauge', ({ connections }) => connections],
  ['database_commits_total', 'Transactions committed.', 'counter', ({ committed }) => committed],
  ['database_rollbacks_total', 'Transactions rolled back.', 'counter', ({ rolledBack }) => rolledBack],
  ['database_deadlocks_total', 'Deadlocks.', 'counter', ({ deadlocks }) => deadlocks],
];

const GATEWAY: readonly Metric<GatewayMetrics>[] = [
  ['gateway_requests_total', 'Requests to the gateway.', 'counter', ({ requests }) => requests],
];

const ROUTE: readonly Metric<GatewayMetrics['routes'][number]>[] = [
  ['gateway_route_requests_total', 'Requests proxied, by route and status.', 'counter', ({ count }) => count],
];

/** The snapshot as metrics of Prometheus. What was not measured has no sample; `qbtc_measured` says so. */
export function page(snapshot: MetricsSnapshot): string {
  return exposition(familiesOf(snapshot));
}

function familiesOf(snapshot: MetricsSnapshot): MetricFamily[] {
  const { stack, machine, services, broker, caches, databases, gateway } = snapshot;
  const sources: [Record<string, string>, Measured<unknown>][] = [
    [{ source: 'machine' }, machine],
    [{ source: 'services' }, services],
    [{ source: 'broker' }, broker],
    ...caches.map((each): (typeof sources)[number] => [{ source: 'cache', resource: each.resource }, each]),
    ...databases.map((each): (typeof sources)[number] => [
      { source: 'database', resource: each.resource },
      each,
    ]),
    [{ source: 'gateway' }, gateway],
  ];
  const families = <Of>(
    metrics: readonly Metric<Of>[],
    all: readonly Of[],
    labelsOf: (of: Of) => Record<string, string> = () => ({}),
  ): MetricFamily[] =>
    metrics.map(([name, help, type, measure]) => ({
      name: `qbtc_${name}`,
      help,
      type,
      samples: all.flatMap((of) => {
        const value = measure(of);
        return value === undefined ? [] : [{ labels: { stack, ...labelsOf(of) }, value }];
      }),
    }));
  const measured: Metric<(typeof sources)[number]> = [
    'measured',
    'Whether a source could be measured.',
    'gauge',
    ([, source]) => (source.measured ? 1 : 0),
  ];
  return [
    ...families([measured], sources, ([labels]) => labels),
    ...families(MACHINE, only(machine)),
    ...families(SERVICE, only(services).flat(), ({ instance }) => ({ instance })),
    ...families(QUEUE, only(broker).flat(), ({ queue }) => ({ queue })),
    ...families(CACHE, caches.flatMap(named), ({ resource }) => ({ resource })),
    ...families(DATABASE, databases.flatMap(named), ({ resource }) => ({ resource })),
    ...families(GATEWAY, only(gateway)),
    ...families(
      ROUTE,
      only(gateway).flatMap(({ routes }) => routes),
      ({ route, status }) => ({ route, status }),
    ),
  ];
}

function only<Value>(source: Measured<Value>): Value[] {
  return source.measured ? [source.value] : [];
}

/** The numbers of one of several, with its name beside them. */
function named<Value>(source: OfResource<Value>): (Value & { resource: string })[] {
  return source.measured ? [{ ...source.value, resource: source.resource }] : [];
}

function seconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / 1000;
}
