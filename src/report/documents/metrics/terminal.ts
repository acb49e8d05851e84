import type { Measured } from '../../../model/measured.ts';
import type {
  CacheMetrics,
  DatabaseMetrics,
  GatewayMetrics,
  MachineMetrics,
  OfResource,
  QueueMetrics,
  ServiceMetrics,
} from '../../../model/metrics.ts';
import type { Style, View } from '../../document-form.ts';
import { type Cell, table, truncate } from '../../layout.ts';
import { duration, SIGN, timeOfDay } from '../../terminal/view.ts';
import type { MetricsDocument } from './index.ts';

/** The numbers of each part; what could not be measured says why. */
export const metrics: View<MetricsDocument> = (document, style) => {
  const { strong, faint } = style.palette;
  const { machine, services, broker, caches, databases, gateway } = document;
  return [
    `${strong(document.stack)}  ${faint(`at ${timeOfDay(document.takenAt).slice(0, 8)} UTC`)}`,
    ...section('Machine', machine, machineLines, style),
    ...section('Services', services, serviceLines, style),
    ...section('Broker', broker, queueLines, style),
    ...each('Cache', caches, cacheText, style),
    ...each('Database', databases, databaseText, style),
    ...section('Gateway', gateway, gatewayLines, style),
  ];
};

/** Queues of single instances have long names that nobody reads to the end. */
const LONGEST_QUEUE = 44;

function section<Value>(
  title: string,
  measured: Measured<Value>,
  lines: (value: Value, style: Style) => string[],
  style: Style,
): string[] {
  const { strong, warning } = style.palette;
  if (!measured.measured)
    return ['', strong(title), warning(`  ${SIGN.none} not measured: ${measured.reason}`)];
  return ['', strong(title), ...lines(measured.value, style)];
}

/** One line for each of several; none where none is declared. */
function each<Value>(
  title: string,
  all: readonly OfResource<Value>[],
  text: (value: Value) => string,
  { palette }: Style,
): string[] {
  if (all.length === 0) return [];
  return [
    '',
    palette.strong(title),
    ...all.map((one) => {
      const said = one.measured
        ? text(one.value)
        : palette.warning(`${SIGN.none} not measured: ${one.reason}`);
      return `  ${palette.strong(one.resource)}  ${said}`;
    }),
  ];
}

function cacheText(metrics: CacheMetrics): string {
  const { keys, memoryBytes, maxMemoryBytes, clients, hits, misses, expired, evicted } = metrics;
  return [
    `${keys} keys`,
    ...(memoryBytes === undefined
      ? []
      : [maxMemoryBytes ? `${bytes(memoryBytes)} of ${bytes(maxMemoryBytes)}` : bytes(memoryBytes)]),
    ...(clients === undefined ? [] : [`${clients} clients`]),
    ...(hits === undefined || misses === undefined ? [] : [`${hits} hits, ${misses} misses`]),
    ...(expired ? [`${expired} expired`] : []),
    ...(evicted ? [`${evicted} evicted`] : []),
  ].join(', ');
}

function databaseText({ sizeBytes, connections, committed, rolledBack, deadlocks }: DatabaseMetrics): string {
  return `${bytes(sizeBytes)}, ${connections} connections, ${committed} commits, ${rolledBack} rollbacks, ${deadlocks} deadlocks`;
}

function machineLines({
  cores,
  load,
  memoryBytes,
  freeMemoryBytes,
  freeDiskBytes,
}: MachineMetrics): string[] {
  const loads = load.map((each) => each.toFixed(2)).join(' ');
  return [
    `  load ${loads} on ${cores} cores, ${bytes(memoryBytes - freeMemoryBytes)} of ${bytes(memoryBytes)} in use, ${bytes(freeDiskBytes)} of disk free`,
  ];
}

function serviceLines(services: ServiceMetrics[], { palette, width }: Style): string[] {
  const header = ['instance', 'requests', '5xx', 'p50', 'p99', 'loop p99', 'memory'];
  const rows = services.map((service): Cell[] => {
    const { instance, requests, errors, p50Ms, p99Ms, eventLoopP99Ms, memoryBytes } = service;
    const share = requests === 0 ? '' : ` (${((100 * errors) / requests).toFixed(1)} %)`;
    return [
      { text: instance, paint: palette.strong },
      { text: String(requests) },
      { text: `${errors}${errors === 0 ? '' : share}`, ...(errors === 0 ? {} : { paint: palette.bad }) },
      { text: p50Ms === undefined ? '–' : duration(p50Ms) },
      { text: p99Ms === undefined ? '–' : duration(p99Ms) },
      { text: duration(eventLoopP99Ms) },
      { text: bytes(memoryBytes) },
    ];
  });
  if (rows.length === 0) return ['  none answers'];
  return headed(header, rows, palette.faint, width);
}

/** Those that hold something or that somebody consumes; the others are counted. */
function queueLines(queues: QueueMetrics[], { palette, width }: Style): string[] {
  const busy = queues.filter(
    ({ ready, unacknowledged, consumers }) => ready + unacknowledged + consumers > 0,
  );
  const quiet = queues.length - busy.length;
  if (queues.length === 0) return [palette.faint('  no queue')];
  const rows = busy.map(({ queue, ready, unacknowledged, consumers }): Cell[] => [
    { text: truncate(queue, LONGEST_QUEUE), paint: palette.strong },
    { text: String(ready), ...(ready > 0 && consumers === 0 ? { paint: palette.warning } : {}) },
    { text: String(unacknowledged) },
    { text: String(consumers) },
  ]);
  return [
    ...(rows.length === 0
      ? []
      : headed(['queue', 'ready', 'unacked', 'consumers'], rows, palette.faint, width)),
    ...(quiet === 0 ? [] : [palette.faint(`  ${quiet} more, empty and without consumers`)]),
  ];
}

function gatewayLines({ requests, routes }: GatewayMetrics, { palette, width }: Style): string[] {
  const rows = routes.map(({ route, status, count }): Cell[] => [
    { text: route === '' ? 'no route' : route, paint: palette.strong },
    { text: status, paint: status.startsWith('5') ? palette.bad : undefined },
    { text: String(count) },
  ]);
  return [
    `  ${requests} requests since it started`,
    ...(rows.length === 0 ? [] : headed(['route', 'status', 'requests'], rows, palette.faint, width)),
  ];
}

/** Numbers stand on the right, under their names. */
function headed(
  names: readonly string[],
  rows: Cell[][],
  paint: (text: string) => string,
  width: number,
): string[] {
  const right = names.map((_, index) => index).slice(1, -1);
  return table([names.map((text) => ({ text, paint })), ...rows], { indent: 2, width, right });
}

const UNITS = ['B', 'KB', 'MB', 'GB', 'TB'];

/** Bytes for people, in steps of 1024: `12.3 MB`. */
export function bytes(count: number): string {
  let unit = 0;
  let value = count;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${UNITS[unit]}`;
}
