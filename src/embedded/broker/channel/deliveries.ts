import { AmqpError } from '../errors.ts';
import type { Consumer } from '../queue/consumer.ts';
import type { Entry } from '../queue/entry.ts';
import type { Queue } from '../queue/queue.ts';

/** A message that a client holds and has not settled. */
export interface Delivery {
  tag: number;
  entry: Entry;
  queue: Queue;
  /** `undefined` after `basic.get`. */
  consumer: Consumer | undefined;
}

/** The unsettled deliveries of a channel, oldest first. */
export class Deliveries {
  private readonly byTag = new Map<number, Delivery>();

  get size(): number {
    return this.byTag.size;
  }

  add(delivery: Delivery): void {
    this.byTag.set(delivery.tag, delivery);
  }

  /**
   * Takes out what a client settles with a tag; with `multiple` everything up to it, and with tag 0 everything.
   * Throws PRECONDITION_FAILED for a tag that is not outstanding, even when older ones are.
   */
  take(tag: number, multiple: boolean): Delivery[] {
    if (multiple && tag === 0) return this.takeAll();
    const last = this.byTag.get(tag);
    if (last === undefined) throw new AmqpError('PRECONDITION_FAILED', `unknown delivery tag ${tag}`);
    if (!multiple) {
      this.byTag.delete(tag);
      return [last];
    }
    const taken: Delivery[] = [];
    for (const delivery of this.byTag.values()) {
      this.byTag.delete(delivery.tag);
      taken.push(delivery);
      if (delivery.tag === tag) break;
    }
    return taken;
  }

  takeAll(): Delivery[] {
    const taken = [...this.byTag.values()];
    this.byTag.clear();
    return taken;
  }

  /** Puts back what a rolled-back transaction had taken out. */
  restore(deliveries: readonly Delivery[]): void {
    const all = [...deliveries, ...this.takeAll()].sort((a, b) => a.tag - b.tag);
    for (const delivery of all) this.byTag.set(delivery.tag, delivery);
  }
}

/** What becomes of deliveries: `requeue` when a client returns them, `abandon` when who held them is gone. */
export type Settlement = 'acknowledge' | 'reject' | 'requeue' | 'abandon';

/** Tells the queues, and then the consumers that can take messages again. */
export function settle(deliveries: readonly Delivery[], how: Settlement): void {
  const returning = new Map<Queue, Entry[]>();
  for (const { queue, entry, consumer } of deliveries) {
    if (consumer !== undefined) consumer.unacknowledged -= 1;
    if (how === 'acknowledge') queue.acknowledge(entry);
    else if (how === 'reject') queue.reject(entry);
    else {
      const entries = returning.get(queue);
      if (entries === undefined) returning.set(queue, [entry]);
      else entries.push(entry);
    }
  }
  for (const [queue, entries] of returning) queue.requeue(entries, how === 'requeue');
}
