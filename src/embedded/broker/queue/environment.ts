import type { Table } from '../codec/table.ts';
import type { Store } from '../store/store.ts';
import type { DeathReason } from './death.ts';
import type { Entry } from './entry.ts';
import type { Queue } from './queue.ts';

export interface QueueProperties {
  durable: boolean;
  autoDelete: boolean;
  /** The connection that alone may use the queue, and with which it ends. */
  exclusiveOwner: object | undefined;
  arguments: Table;
}

/** What a queue needs of the virtual host around it. */
export interface QueueEnvironment {
  store: Store;
  /** `settled` is told whether every queue that the dead letter should reach has taken it, and that there is one. */
  deadLetter(queue: Queue, entry: Entry, reason: DeathReason, settled?: (taken: boolean) => void): void;
  /** The queue has reached its end: unused too long, or the last consumer of an auto-delete queue has left. */
  ended(queue: Queue): void;
  /** Something went wrong in it that no client waits for. */
  failed(queue: Queue, error: unknown): void;
}

/**
 * What became of a publish: taken and safe, taken and not safe yet, or refused because the queue is full or the disk
 * does not take it.
 */
export type PublishOutcome = 'stored' | 'storing' | 'rejected';
