import type { Message } from '../message.ts';
import type { Queue } from '../queue/queue.ts';
import type { Delivery, Settlement } from './deliveries.ts';

/** A publish that has been routed and waits for the commit. */
export interface RoutedPublish {
  message: Message;
  queues: readonly Queue[];
  mandatory: boolean;
}

/** What a transactional channel has been asked to do and will do at the commit. */
export class Transaction {
  private publishes: RoutedPublish[] = [];
  private settlements: { deliveries: Delivery[]; how: Settlement }[] = [];

  get uncommittedMessages(): number {
    return this.publishes.length;
  }

  get uncommittedAcks(): number {
    return this.settlements
      .filter(({ how }) => how === 'acknowledge')
      .reduce((sum, { deliveries }) => sum + deliveries.length, 0);
  }

  publish(publish: RoutedPublish): void {
    this.publishes.push(publish);
  }

  settle(deliveries: Delivery[], how: Settlement): void {
    this.settlements.push({ deliveries, how });
  }

  /** Hands out everything and begins anew. */
  take(): { publishes: RoutedPublish[]; settlements: { deliveries: Delivery[]; how: Settlement }[] } {
    const { publishes, settlements } = this;
    this.publishes = [];
    this.settlements = [];
    return { publishes, settlements };
  }
}
