import type { QueueType } from './queue/arguments.ts';
import type { DeathReason } from './queue/death.ts';

/** How dead letters of a queue are treated, as the metrics name it. */
export type DeadLetterTreatment = 'disabled' | 'at_most_once' | 'at_least_once';

/** What has happened in all queues of one type. */
export interface QueueCounters {
  deliveredToConsumer: { manualAck: number; autoAck: number };
  fetched: { manualAck: number; autoAck: number };
  getEmpty: number;
  acknowledged: number;
  redelivered: number;
  deadLettered: Record<DeadLetterTreatment, Record<DeathReason, number>>;
}

/** What has happened since the broker was started; RabbitMQ's metrics `rabbitmq_global_*` and their like. */
export interface Counters {
  received: number;
  receivedToConfirm: number;
  confirmed: number;
  routed: number;
  unroutableDropped: number;
  unroutableReturned: number;
  queues: Record<QueueType, QueueCounters>;
  connectionsOpened: number;
  connectionsClosed: number;
  channelsOpened: number;
  channelsClosed: number;
  queuesDeclared: number;
  queuesCreated: number;
  queuesDeleted: number;
  loginsSucceeded: number;
  loginsFailed: number;
}

export function newCounters(): Counters {
  return {
    received: 0,
    receivedToConfirm: 0,
    confirmed: 0,
    routed: 0,
    unroutableDropped: 0,
    unroutableReturned: 0,
    queues: { classic: newQueueCounters(), quorum: newQueueCounters() },
    connectionsOpened: 0,
    connectionsClosed: 0,
    channelsOpened: 0,
    channelsClosed: 0,
    queuesDeclared: 0,
    queuesCreated: 0,
    queuesDeleted: 0,
    loginsSucceeded: 0,
    loginsFailed: 0,
  };
}

function newQueueCounters(): QueueCounters {
  const byReason = () => ({ expired: 0, rejected: 0, maxlen: 0, delivery_limit: 0 });
  return {
    deliveredToConsumer: { manualAck: 0, autoAck: 0 },
    fetched: { manualAck: 0, autoAck: 0 },
    getEmpty: 0,
    acknowledged: 0,
    redelivered: 0,
    deadLettered: { disabled: byReason(), at_most_once: byReason(), at_least_once: byReason() },
  };
}

/** Every message that was handed out, whoever asked for it. */
export function deliveredIn({ deliveredToConsumer, fetched }: QueueCounters): number {
  return deliveredToConsumer.manualAck + deliveredToConsumer.autoAck + fetched.manualAck + fetched.autoAck;
}
