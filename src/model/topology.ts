import type { ChangeOutcome } from './plan.ts';

/** `infrastructure/rabbitmq/topology.yaml`: what the broker's vhost should hold. Field names are RabbitMQ's own. */
export interface Topology {
  exchanges: Exchange[];
  queues: Queue[];
  bindings: Binding[];
  policies: Policy[];
  /** What an account may do, where that is more or less than what follows from the events that its service names. */
  permissions: Permission[];
  limits: VhostLimits;
}

/** How a whole topology is written: as a file of ours, or as what a RabbitMQ loads when it starts. */
export const TOPOLOGY_FORMATS = ['yaml', 'definitions'] as const;
export type TopologyFormat = (typeof TOPOLOGY_FORMATS)[number];

/** A topology that declares nothing. */
export const EMPTY_TOPOLOGY: Topology = {
  exchanges: [],
  queues: [],
  bindings: [],
  policies: [],
  permissions: [],
  limits: {},
};

export type ExchangeType = 'direct' | 'topic' | 'fanout' | 'headers';

export interface Exchange {
  name: string;
  type: ExchangeType;
  durable: boolean;
  auto_delete: boolean;
  internal: boolean;
  arguments: Record<string, unknown>;
}

export interface Queue {
  name: string;
  durable: boolean;
  auto_delete: boolean;
  arguments: Record<string, unknown>;
}

export interface Binding {
  source: string;
  destination: string;
  destination_type: 'queue' | 'exchange';
  routing_key: string;
  arguments: Record<string, unknown>;
}

/** What a policy may hold for. RabbitMQ takes the first three; since 3.12 one type of queue, too (docs/policies). */
export const POLICY_TARGETS = [
  'queues',
  'exchanges',
  'all',
  'classic_queues',
  'quorum_queues',
  'streams',
] as const;
export type PolicyTarget = (typeof POLICY_TARGETS)[number];

/** The targets under which a queue of a type falls. */
export function targetsOfQueue(type: string): ReadonlySet<PolicyTarget> {
  return new Set<PolicyTarget>([
    'all',
    'queues',
    ...(type === 'classic' ? (['classic_queues'] as const) : []),
    ...(type === 'quorum' ? (['quorum_queues'] as const) : []),
    ...(type === 'stream' ? (['streams'] as const) : []),
  ]);
}

export const EXCHANGE_TARGETS: ReadonlySet<PolicyTarget> = new Set<PolicyTarget>(['all', 'exchanges']);

export interface Policy {
  name: string;
  /** A regular expression over names. */
  pattern: string;
  'apply-to': PolicyTarget;
  priority: number;
  definition: Record<string, unknown>;
}

/** Regular expressions over names of queues and exchanges (https://www.rabbitmq.com/docs/access-control). */
export interface Permission {
  /** A service, or the name of an account. */
  user: string;
  configure: string;
  write: string;
  read: string;
}

/** What the vhost may hold; no limit is `undefined`. */
export interface VhostLimits {
  'max-queues'?: number | undefined;
  'max-connections'?: number | undefined;
}

/** The account of one service, and all that it may do. */
export interface BrokerAccount extends Permission {
  password: string;
}

/** What is in the vhost and not declared. It is left alone. */
export interface Unmanaged {
  exchanges: string[];
  queues: string[];
  bindings: string[];
}

export interface MigrationReport {
  queue: string;
  /** False when the queue was as declared already. */
  migrated: boolean;
  /** Messages that are in the new queue. */
  messages: number;
  /** Services that had to wait. */
  paused: string[];
  /** What was changed besides the messages: the queue, its bindings. */
  outcomes: ChangeOutcome[];
}
