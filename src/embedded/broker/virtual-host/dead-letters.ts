import type { Log } from '../../program.ts';
import type { Counters } from '../counters.ts';
import type { Exchange } from '../exchange/exchange.ts';
import { traceOf } from '../guard.ts';
import type { Message } from '../message.ts';
import { type DeathReason, deadLetter, isCycle } from '../queue/death.ts';
import type { Entry } from '../queue/entry.ts';
import type { Queue } from '../queue/queue.ts';

export interface DeadLetter {
  queue: Queue;
  entry: Entry;
  reason: DeathReason;
  /** Told whether every queue that it should reach has taken it, and that there is one. */
  settled: ((taken: boolean) => void) | undefined;
}

/** Where dead letters of a virtual host go. */
export interface DeadLetterTargets {
  exchange(name: string): Exchange | undefined;
  route(exchange: Exchange, message: Message): readonly Queue[];
}

/** Brings the dead letters of the queues of one virtual host to their exchanges. */
export class DeadLetters {
  /** Those that wait for the publish at hand to end: they must not come between its parts. */
  private readonly waiting: DeadLetter[] = [];
  private working = false;
  private readonly targets: DeadLetterTargets;
  private readonly counters: Counters;
  private readonly log: Log;

  constructor(targets: DeadLetterTargets, counters: Counters, log: Log) {
    this.targets = targets;
    this.counters = counters;
    this.log = log;
  }

  bury(dead: DeadLetter): void {
    const { type, deadLetterExchange } = dead.queue.settings;
    const once = dead.settled === undefined ? 'at_most_once' : 'at_least_once';
    const treatment = deadLetterExchange === undefined ? 'disabled' : once;
    this.counters.queues[type].deadLettered[treatment][dead.reason] += 1;
    if (deadLetterExchange === undefined) return;
    this.waiting.push(dead);
    if (this.working) return;
    this.working = true;
    try {
      for (let next = this.waiting.shift(); next !== undefined; next = this.waiting.shift()) {
        const taken = this.publish(next);
        next.settled?.(taken);
      }
    } finally {
      this.working = false;
    }
  }

  /** Gives whether there is a queue for it, and none has refused it. One that cannot be made ends nothing else. */
  private publish({ queue, entry, reason }: DeadLetter): boolean {
    const { deadLetterExchange = '', deadLetterRoutingKey: routingKey } = queue.settings;
    try {
      const exchange = this.targets.exchange(deadLetterExchange);
      if (exchange === undefined) return false;
      const message = deadLetter(entry.message, reason, queue.name, { exchange: exchange.name, routingKey });
      const targets = this.targets
        .route(exchange, message)
        .filter(({ name }) => reason === 'rejected' || !isCycle(message, name));
      const outcomes = targets.map((target) => target.publish(message));
      return outcomes.length > 0 && !outcomes.includes('rejected');
    } catch (error) {
      this.log('error', 'a dead letter could not be published', {
        queue: queue.name,
        reason,
        exchange: deadLetterExchange,
        routingKey: entry.message.routingKey,
        error: traceOf(error),
      });
      return false;
    }
  }
}
