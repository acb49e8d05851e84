import { createServer, type Server } from 'node:http';
import { Counter, Gauge, Registry } from 'prom-client';
import { deliveredIn, type QueueCounters } from './counters.ts';
import { urlOf } from './management/request-url.ts';
import type { DeathReason } from './queue/death.ts';
import type { Queue } from './queue/queue.ts';
import { COMPATIBLE_VERSION } from './server-properties.ts';
import type { BrokerState } from './state.ts';

const PROTOCOL = { protocol: 'amqp091' };

/** Counters of `rabbitmq_global_*`, of which the broker keeps the totals itself. */
const GLOBAL: Readonly<Record<string, (state: BrokerState) => number>> = {
  messages_received_total: ({ counters }) => counters.received,
  messages_received_confirm_total: ({ counters }) => counters.receivedToConfirm,
  messages_confirmed_total: ({ counters }) => counters.confirmed,
  messages_routed_total: ({ counters }) => counters.routed,
  messages_unroutable_dropped_total: ({ counters }) => counters.unroutableDropped,
  messages_unroutable_returned_total: ({ counters }) => counters.unroutableReturned,
};

/** The same for what is told apart by the type of the queue. */
const BY_QUEUE_TYPE: Readonly<Record<string, (counters: QueueCounters) => number>> = {
  messages_delivered_total: deliveredIn,
  messages_delivered_consume_manual_ack_total: ({ deliveredToConsumer }) => deliveredToConsumer.manualAck,
  messages_delivered_consume_auto_ack_total: ({ deliveredToConsumer }) => deliveredToConsumer.autoAck,
  messages_delivered_get_manual_ack_total: ({ fetched }) => fetched.manualAck,
  messages_delivered_get_auto_ack_total: ({ fetched }) => fetched.autoAck,
  messages_get_empty_total: ({ getEmpty }) => getEmpty,
  messages_acknowledged_total: ({ acknowledged }) => acknowledged,
  messages_redelivered_total: ({ redelivered }) => redelivered,
};

const DEATH_REASONS: readonly DeathReason[] = ['expired', 'rejected', 'maxlen', 'delivery_limit'];

const TOTALS: Readonly<Record<string, (state: BrokerState) => number>> = {
  connections_opened_total: ({ counters }) => counters.connectionsOpened,
  connections_closed_total: ({ counters }) => counters.connectionsClosed,
  channels_opened_total: ({ counters }) => counters.channelsOpened,
  channels_closed_total: ({ counters }) => counters.channelsClosed,
  queues_declared_total: ({ counters }) => counters.queuesDeclared,
  queues_created_total: ({ counters }) => counters.queuesCreated,
  queues_deleted_total: ({ counters }) => counters.queuesDeleted,
  auth_attempts_total: ({ counters }) => counters.loginsSucceeded + counters.loginsFailed,
  auth_attempts_succeeded_total: ({ counters }) => counters.loginsSucceeded,
  auth_attempts_failed_total: ({ counters }) => counters.loginsFailed,
};

const NOW: Readonly<Record<string, (state: BrokerState) => number>> = {
  connections: ({ connections }) => [...connections].filter(({ isRunning }) => isRunning).length,
  channels: ({ connections }) => [...connections].reduce((sum, { channels }) => sum + channels.size, 0),
  queues: (state) => queuesOf(state).length,
  consumers: (state) => queuesOf(state).reduce((sum, [, queue]) => sum + queue.consumers.count, 0),
  alarms_memory_used_watermark: ({ memory }) => Number(memory.raised),
  // A full disk is told to publishers by not confirming, not by an alarm.
  alarms_free_disk_space_watermark: () => 0,
  process_resident_memory_bytes: () => process.memoryUsage.rss(),
  resident_memory_limit_bytes: ({ memory }) => memory.limitBytes,
  erlang_uptime_seconds: ({ startedAt }) => (Date.now() - startedAt) / 1000,
};

const OF_QUEUES: Readonly<Record<string, (queue: Queue) => number>> = {
  queue_messages: (queue) => queue.readyCount + queue.unacknowledged + queue.homelessCount,
  queue_messages_ready: (queue) => queue.readyCount,
  queue_messages_unacked: (queue) => queue.unacknowledged,
  queue_messages_bytes: (queue) => queue.readyBytes + queue.unacknowledgedBytes,
  queue_messages_ready_bytes: (queue) => queue.readyBytes,
  queue_messages_unacked_bytes: (queue) => queue.unacknowledgedBytes,
  queue_consumers: (queue) => queue.consumers.count,
};

/**
 * Prometheus metrics under the names of RabbitMQ's `rabbitmq_prometheus`: `/metrics` adds the queues up,
 * `/metrics/per-object` tells them apart. As there, nobody has to log in.
 */
export function createMetricsServer(state: BrokerState): Server {
  const aggregated = registryOf(state, false);
  const perObject = registryOf(state, true);
  return createServer((request, response) => {
    request.resume();
    const pathname = urlOf(request)?.pathname;
    const registry =
      pathname === '/metrics' ? aggregated : pathname === '/metrics/per-object' ? perObject : undefined;
    if (registry === undefined || (request.method !== 'GET' && request.method !== 'HEAD')) {
      response.writeHead(registry === undefined ? 404 : 405).end();
      return;
    }
    registry.metrics().then(
      (text) => response.writeHead(200, { 'content-type': registry.contentType }).end(text),
      () => response.writeHead(500).end(),
    );
  });
}

function registryOf(state: BrokerState, perObject: boolean): Registry {
  const registry = new Registry();
  for (const [name, read] of Object.entries(GLOBAL)) {
    counter(registry, `rabbitmq_global_${name}`, ['protocol'], (each) => each.inc(PROTOCOL, read(state)));
  }
  const byType = Object.entries(state.counters.queues).map(([type, counters]) => ({
    queue_type: `rabbit_${type}_queue`,
    counters,
  }));
  for (const [name, read] of Object.entries(BY_QUEUE_TYPE)) {
    counter(registry, `rabbitmq_global_${name}`, ['protocol', 'queue_type'], (each) => {
      for (const { queue_type, counters } of byType) each.inc({ ...PROTOCOL, queue_type }, read(counters));
    });
  }
  for (const reason of DEATH_REASONS) {
    const name = `rabbitmq_global_messages_dead_lettered_${reason}_total`;
    counter(registry, name, ['queue_type', 'dead_letter_strategy'], (each) => {
      for (const { queue_type, counters } of byType)
        for (const [dead_letter_strategy, deaths] of Object.entries(counters.deadLettered))
          each.inc({ queue_type, dead_letter_strategy }, deaths[reason]);
    });
  }
  for (const [name, read] of Object.entries(TOTALS))
    counter(registry, `rabbitmq_${name}`, [], (each) => each.inc(read(state)));
  for (const [name, read] of Object.entries(NOW))
    gauge(registry, `rabbitmq_${name}`, [], (each) => each.set(read(state)));
  for (const [name, read] of Object.entries(OF_QUEUES))
    gauge(registry, `rabbitmq_${name}`, perObject ? ['vhost', 'queue'] : [], (each) => {
      const queues = queuesOf(state);
      if (perObject) for (const [vhost, queue] of queues) each.set({ vhost, queue: queue.name }, read(queue));
      else each.set(queues.reduce((sum, [, queue]) => sum + read(queue), 0));
    });
  const identity = { rabbitmq_node: state.nodeName, rabbitmq_cluster: state.nodeName };
  gauge(registry, 'rabbitmq_identity_info', Object.keys(identity), (each) => each.set(identity, 1));
  const build = { rabbitmq_version: COMPATIBLE_VERSION };
  gauge(registry, 'rabbitmq_build_info', Object.keys(build), (each) => each.set(build, 1));
  return registry;
}

function queuesOf({ vhosts }: BrokerState): [string, Queue][] {
  return vhosts.all.flatMap((vhost) =>
    [...vhost.queues.values()].map((queue): [string, Queue] => [vhost.name, queue]),
  );
}

function counter(
  registry: Registry,
  name: string,
  labelNames: string[],
  read: (counter: Counter) => void,
): void {
  new Counter({
    name,
    help: helpOf(name),
    labelNames,
    registers: [registry],
    collect() {
      this.reset();
      read(this);
    },
  });
}

function gauge(registry: Registry, name: string, labelNames: string[], read: (gauge: Gauge) => void): void {
  new Gauge({
    name,
    help: helpOf(name),
    labelNames,
    registers: [registry],
    collect() {
      // A queue that is gone is not shown any more.
      this.reset();
      read(this);
    },
  });
}

function helpOf(name: string): string {
  return `As RabbitMQ's ${name}`;
}
