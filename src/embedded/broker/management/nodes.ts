import { readdirSync, statfsSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { MECHANISMS } from '../access/credentials.ts';
import { PRODUCT, PRODUCT_VERSION } from '../server-properties.ts';
import type { BrokerState } from '../state.ts';
import { exchangeTypes } from './overview.ts';
import { objectNotFound, ok, type Resource } from './resource.ts';

/** RabbitMQ's own default; here a full disk is told to publishers by not confirming, not by an alarm. */
const DISK_FREE_LIMIT = 50_000_000;
/** What Erlang allows itself; a queue, a connection and a channel are a process each there. */
const PROCESSES = 1_048_576;

export const nodes: Resource[] = [
  { path: '/api/nodes', role: 'monitoring', GET: ({ state }) => ok([nodeOf(state)]) },
  {
    path: '/api/nodes/:name',
    role: 'monitoring',
    GET: ({ state, path }) => {
      if (path.name !== state.nodeName) throw objectNotFound();
      return ok(nodeOf(state));
    },
  },
];

function nodeOf(state: BrokerState): Record<string, unknown> {
  const { counters, memory, connections, vhosts } = state;
  const files = openFiles();
  const channels = [...connections].reduce((sum, each) => sum + each.channels.size, 0);
  const queues = vhosts.all.reduce((sum, { queues: { size } }) => sum + size, 0);
  return {
    name: state.nodeName,
    type: 'disc',
    running: true,
    being_drained: false,
    os_pid: String(process.pid),
    uptime: Date.now() - state.startedAt,
    processors: availableParallelism(),
    run_queue: 0,
    mem_used: process.memoryUsage.rss(),
    mem_limit: memory.limitBytes,
    mem_alarm: memory.raised,
    mem_calculation_strategy: 'rss',
    disk_free: diskFree(vhosts.folder ?? tmpdir()),
    disk_free_limit: DISK_FREE_LIMIT,
    disk_free_alarm: false,
    fd_used: files,
    fd_total: fileLimit(),
    sockets_used: connections.size,
    sockets_total: fileLimit(),
    proc_used: connections.size + channels + queues,
    proc_total: PROCESSES,
    connection_created: counters.connectionsOpened,
    connection_closed: counters.connectionsClosed,
    channel_created: counters.channelsOpened,
    channel_closed: counters.channelsClosed,
    queue_declared: counters.queuesDeclared,
    queue_created: counters.queuesCreated,
    queue_deleted: counters.queuesDeleted,
    rates_mode: 'none',
    net_ticktime: 60,
    partitions: [],
    cluster_links: [],
    enabled_plugins: [
      'rabbitmq_management',
      ...(state.ports.metrics === undefined ? [] : ['rabbitmq_prometheus']),
    ],
    exchange_types: exchangeTypes(),
    auth_mechanisms: [...MECHANISMS.keys()].map((name) => ({ name, description: '', enabled: true })),
    applications: [{ name: 'rabbit', description: PRODUCT, version: PRODUCT_VERSION }],
    contexts: [],
    log_files: [],
    config_files: [],
    db_dir: vhosts.folder ?? '',
  };
}

/** Where the machine does not say it: 0. */
function openFiles(): number {
  try {
    return readdirSync('/proc/self/fd').length;
  } catch {
    return 0;
  }
}

function diskFree(folder: string): number {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  } catch {
    return 0;
  }
}

let knownFileLimit: number | undefined;

/** How many files and sockets the process may open. It does not change, and takes a moment to find out. */
function fileLimit(): number {
  knownFileLimit ??= readFileLimit();
  return knownFileLimit;
}

function readFileLimit(): number {
  const { userLimits } = process.report.getReport() as { userLimits?: { open_files?: { soft?: unknown } } };
  const soft = Number(userLimits?.open_files?.soft);
  return Number.isFinite(soft) ? soft : PROCESSES;
}
