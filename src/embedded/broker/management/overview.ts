import { deliveredIn, type QueueCounters } from '../counters.ts';
import { EXCHANGE_TYPES } from '../exchange/types/index.ts';
import { COMPATIBLE_VERSION, PRODUCT, PRODUCT_VERSION } from '../server-properties.ts';
import { listenersOf } from './listeners.ts';
import { clusterName } from './parameters.ts';
import { ok, type Request, type Resource, vhostsOf } from './resource.ts';

export const overview: Resource[] = [
  { path: '/api/overview', GET: (request) => ok(overviewOf(request)) },
  {
    path: '/api/whoami',
    GET: ({ account }) => ok({ name: account.name, tags: account.tags }),
  },
];

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
    exchange_types: exchangeTypes(),
    product_version: PRODUCT_VERSION,
    product_name: PRODUCT,
    rabbitmq_version: COMPATIBLE_VERSION,
    cluster_name: clusterName(state),
    disable_stats: false,
    enable_queue_totals: false,
    message_stats: {
      publish: state.counters.received,
      confirm: state.counters.confirmed,
      deliver_get: happened(deliveredIn),
      deliver: happened(({ deliveredToConsumer }) => deliveredToConsumer.manualAck),
      deliver_no_ack: happened(({ deliveredToConsumer }) => deliveredToConsumer.autoAck),
      get: happened(({ fetched }) => fetched.manualAck),
      get_no_ack: happened(({ fetched }) => fetched.autoAck),
      get_empty: happened(({ getEmpty }) => getEmpty),
      ack: happened(({ acknowledged }) => acknowledged),
      redeliver: happened(({ redelivered }) => redelivered),
      drop_unroutable: state.counters.unroutableDropped,
      return_unroutable: state.counters.unroutableReturned,
    },
    churn_rates: {
      connection_created: state.counters.connectionsOpened,
      connection_closed: state.counters.connectionsClosed,
      channel_created: state.counters.channelsOpened,
      channel_closed: state.counters.channelsClosed,
      queue_declared: state.counters.queuesDeclared,
      queue_created: state.counters.queuesCreated,
      queue_deleted: state.counters.queuesDeleted,
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
    listeners: listenersOf(state).map((listener) => ({
      node: state.nodeName,
      ip_address: state.host,
      socket_opts: {},
      ...listener,
    })),
    statistics_db_event_queue: 0,
    contexts: [],
  };
}

export function exchangeTypes(): Record<string, unknown>[] {
  return [...EXCHANGE_TYPES.keys()].map((name) => ({
    name,
    description: `AMQP ${name} exchange, as per the AMQP specification`,
    enabled: true,
  }));
}
