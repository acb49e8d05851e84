import type { Table } from '../codec/table.ts';
import type { Entry } from './entry.ts';
import type { Queue } from './queue.ts';

/** What a queue asks of the channel that a consumer lives on. */
export interface ConsumerHost {
  /** False while the channel or its connection cannot take a message for this consumer. */
  accepts(consumer: Consumer): boolean;
  deliver(consumer: Consumer, entry: Entry): void;
  /** The queue is gone; the consumer is told so. */
  cancelledByServer(consumer: Consumer): void;
}

export interface ConsumerOptions {
  tag: string;
  noAck: boolean;
  exclusive: boolean;
  /** How many unacknowledged messages it may hold; 0 for no limit. */
  prefetch: number;
  priority: number;
  arguments: Table;
}

/** A subscription of a channel to a queue. */
export class Consumer {
  readonly tag: string;
  /** The tag as it goes into each delivery. */
  readonly tagBytes: Buffer;
  readonly noAck: boolean;
  readonly exclusive: boolean;
  readonly prefetch: number;
  readonly priority: number;
  readonly arguments: Table;
  readonly host: ConsumerHost;
  readonly queue: Queue;
  /** Messages delivered to it and not yet settled. */
  unacknowledged = 0;
  /** True while the queue passes it over, until it is said to be ready again. */
  parked = false;

  constructor(queue: Queue, host: ConsumerHost, options: ConsumerOptions) {
    this.queue = queue;
    this.host = host;
    this.tag = options.tag;
    this.tagBytes = Buffer.from(options.tag);
    this.noAck = options.noAck;
    this.exclusive = options.exclusive;
    this.prefetch = options.prefetch;
    this.priority = options.priority;
    this.arguments = options.arguments;
  }

  /** True when one more message may go to it now. */
  get available(): boolean {
    if (this.prefetch > 0 && !this.noAck && this.unacknowledged >= this.prefetch) return false;
    return this.host.accepts(this);
  }
}
