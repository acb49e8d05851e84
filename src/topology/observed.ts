import type { Binding, Exchange, Permission, Policy, Queue, VhostLimits } from '../model/topology.ts';

/** What a vhost holds, as the management API reports it. */
export interface ObservedTopology {
  /** False when the broker has no vhost of this name: then the rest is empty. */
  vhostExists: boolean;
  exchanges: Exchange[];
  queues: ObservedQueue[];
  bindings: ObservedBinding[];
  policies: Policy[];
  limits: VhostLimits;
  /** The accounts that were asked about and are there. */
  accounts: ObservedAccount[];
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

export interface ObservedBinding extends Binding {
  /** What RabbitMQ tells the bindings between the same two ends apart by. */
  key: string;
}

export interface ObservedAccount {
  user: string;
  /** As RabbitMQ stores it: Base64 of salt and SHA-256. */
  passwordHash: string;
  /** `undefined` when it may not open the vhost. */
  permission: Omit<Permission, 'user'> | undefined;
}

export const NO_VHOST: ObservedTopology = {
  vhostExists: false,
  exchanges: [],
  queues: [],
  bindings: [],
  policies: [],
  limits: {},
  accounts: [],
  defaultQueueType: 'classic',
};
