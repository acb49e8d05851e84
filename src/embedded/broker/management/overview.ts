import type { BrokerState } from '../broker.ts';
import { deliveredIn, type QueueCounters } from '../counters.ts';
import { EXCHANGE_TYPES } from '../exchange-types/index.ts';
import { COMPATIBLE_VERSION, PRODUCT, PRODUCT_VERSION } from '../server-properties.ts';
import { type Answer, objectNotFound, ok, type Request, type Resource, vhostsOf } from './resource.ts';

export const overview: Resource[] = [
  { path: '/api/overview', GET: (request) => ok(overviewOf(request)) },
  {
    path: '/api/whoami',
    GET: ({ account }) => ok({ name: account.name, tags: account.tags }),
  },
  { path: '/api/nodes', role: 'monitoring', GET: ({ state }) => ok([nodeOf(state)]) },
  {
    path: '/api/nodes/:name',
    role: 'monitoring',
    GET: ({ state, path }) => {
      if (path.name !== state.nodeName) throw objectNotFound();
      return ok(nodeOf(state));
    },
  },
  { path: '/api/health/checks/alarms', role: 'monitoring', GET: alarms },
  { path: '/api/health/checks/local-alarms', role: 'monitoring', GET: alarms },
  { path: '/api/health/checks/virtual-hosts', GET: () => ok({ status: 'ok' }) },
];

/** With an alarm RabbitMQ answers 503 and lists it. */
function alarms({ state }: Request): Answer {
  if (!state.memory.raised) return ok({ status: 'ok' });
  const alarm = { node: state.nodeName, resource: 'memory' };
  return {
    status: 503,
    body: { status: 'failed', reason: 'There are alarms in effect in the cluster', alarms: [alarm] },
  };
}

function overviewOf(request: Request): Record<string, unknown> {
  const { state } = request;
  const vhosts = vhostsOf(request);
  const queues = vhosts.flatMap((each) => [...each.queues.values()]);
  const open = [...state.connections].filter((connection) => connection.isRunning);
  const sum = (of: (queue: (typeof queues)[number]) => number) =>
    queues.reduce((total, queue) => total + of(queue), 0);
  const happened = (of: (counters: QueueCounters) => number) =>
    Object.values(state.counters.queues).reduce((total, counters) => total + of(counters), 0);
  const ready = sum((queue) => queue.readyCount);
  const unacknowledged = sum((queue) => queue.unacknowledged);
  return {
    management_version: COMPATIBLE_VERSION,
    rates_mode: 'none',
    exchange_types: [...EXCHANGE_TYPES.keys()].map((name) => ({ name, description: '', enabled: true })),
    product_version: PRODUCT_VERSION,
    product_name: PRODUCT,
    rabbitmq_version: COMPATIBLE_VERSION,
    cluster_name: state.nodeName,
    disable_stats: false,
    enable_queue_totals: false,
    message_stats: {
      publish: state.counters.received,
      confirm: state.counters.confirmed,
      deliver_get: happened(deliveredIn),
      ack: happened(({ acknowledged }) => acknowledged),
      redeliver: happened(({ redelivered }) => redelivered),
      drop_unroutable: state.counters.unroutableDropped,
      return_unroutable: state.counters.unroutableReturned,
    },
    queue_totals: {
      messages: ready + unacknowledged,
      messages_ready: ready,
      messages_unacknowledged: unacknowledged,
    },
    object_totals: {
      channels: open.reduce((total, connection) => total + connection.channels.size, 0),
      connections: open.length,
      consumers: sum((queue) => queue.consumers.count),
      exchanges: vhosts.reduce((total, each) => total + each.exchanges.size, 0),
      queues: queues.length,
    },
    node: state.nodeName,
    listeners: [
      { node: state.nodeName, protocol: 'amqp', port: state.ports.amqp },
      { node: state.nodeName, protocol: 'http', port: state.ports.management },
      ...(state.ports.metrics === undefined
        ? []
        : [{ node: state.nodeName, protocol: 'http/prometheus', port: state.ports.metrics }]),
    ],
    contexts: [],
  };
}

function nodeOf(state: BrokerState): Record<string, unknown> {
  return {
    name: state.nodeName,
    type: 'disc',
    running: true,
    os_pid: String(process.pid),
    uptime: Date.now() - state.startedAt,
    mem_used: process.memoryUsage.rss(),
    mem_limit: state.memory.limitBytes,
    mem_alarm: state.memory.raised,
    disk_free_alarm: false,
    rates_mode: 'none',
    partitions: [],
    enabled_plugins: [],
  };
}
