import type { BrokerState } from '../broker.ts';
import { EXCHANGE_TYPES } from '../exchange-types/index.ts';
import { COMPATIBLE_VERSION, PRODUCT, PRODUCT_VERSION } from '../server-properties.ts';
import { objectNotFound, ok, type Resource, vhostOf } from './resource.ts';

export const overview: Resource[] = [
  { path: '/api/overview', GET: ({ state }) => ok(overviewOf(state)) },
  {
    path: '/api/whoami',
    GET: ({ state }) => ok({ name: state.user, tags: ['administrator'] }),
  },
  { path: '/api/nodes', GET: ({ state }) => ok([nodeOf(state)]) },
  {
    path: '/api/nodes/:name',
    GET: ({ state, path }) => {
      if (path.name !== state.nodeName) throw objectNotFound();
      return ok(nodeOf(state));
    },
  },
  { path: '/api/vhosts', GET: ({ state }) => ok([...state.vhosts.keys()].map((name) => vhost(state, name))) },
  {
    path: '/api/vhosts/:vhost',
    GET: (request) => ok(vhost(request.state, vhostOf(request).name)),
  },
  // There are no alarms here: nothing is ever blocked for want of memory or disk.
  { path: '/api/health/checks/alarms', GET: () => ok({ status: 'ok' }) },
  { path: '/api/health/checks/local-alarms', GET: () => ok({ status: 'ok' }) },
  { path: '/api/health/checks/virtual-hosts', GET: () => ok({ status: 'ok' }) },
];

function overviewOf(state: BrokerState): Record<string, unknown> {
  const vhosts = [...state.vhosts.values()];
  const queues = vhosts.flatMap((each) => [...each.queues.values()]);
  const open = [...state.connections].filter((connection) => connection.isRunning);
  const sum = (of: (queue: (typeof queues)[number]) => number) =>
    queues.reduce((total, queue) => total + of(queue), 0);
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
    message_stats: {},
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
    mem_alarm: false,
    disk_free_alarm: false,
    rates_mode: 'none',
    partitions: [],
    enabled_plugins: [],
  };
}

function vhost(state: BrokerState, name: string): Record<string, unknown> {
  return {
    name,
    description: '',
    tags: [],
    default_queue_type: 'undefined',
    metadata: { description: '', tags: [] },
    tracing: false,
    cluster_state: { [state.nodeName]: 'running' },
  };
}
