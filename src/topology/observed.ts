import type { Binding, Exchange, Queue } from '../model/topology.ts';

/** What a vhost holds, as the management API reports it. */
export interface ObservedTopology {
  /** False when the broker has no vhost of this name: then the rest is empty. */
  vhostExists: boolean;
  exchanges: Exchange[];
  queues: ObservedQueue[];
  bindings: Binding[];
  /** The type of a queue that is declared without `x-queue-type`. */
  defaultQueueType: string;
}

/** `arguments` without `x-queue-type`: some versions store it there, some do not; all of them tell `type`. */
export interface ObservedQueue extends Queue {
  /** `classic`, `quorum`, `stream`. */
  type: string;
  /** Lives and dies with one connection: never part of a topology. */
  exclusive: boolean;
}

export const NO_VHOST: ObservedTopology = {
  vhostExists: false,
  exchanges: [],
  queues: [],
  bindings: [],
  defaultQueueType: 'classic',
};
