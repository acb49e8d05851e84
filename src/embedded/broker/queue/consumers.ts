import type { Consumer } from './consumer.ts';

/**
 * The consumers of one queue, and whose turn it is: round robin within the highest priority that can take a message.
 * A consumer that cannot is parked, so that a thousand full ones cost nothing at each message.
 */
export class Consumers {
  private readonly all: Consumer[] = [];
  /** Not parked, by falling priority, then in the order of their turns. */
  private readonly turns: Consumer[] = [];
  private readonly singleActive: boolean;

  constructor(singleActive: boolean) {
    this.singleActive = singleActive;
  }

  get count(): number {
    return this.all.length;
  }

  get hasExclusive(): boolean {
    return this.all.some((consumer) => consumer.exclusive);
  }

  [Symbol.iterator](): Iterator<Consumer> {
    return this.all[Symbol.iterator]();
  }

  add(consumer: Consumer): void {
    this.all.push(consumer);
    this.enqueue(consumer);
  }

  /** Gives false when it was not there. */
  remove(consumer: Consumer): boolean {
    // Or else an acknowledgement of what it still holds would let it take part again.
    consumer.parked = false;
    take(this.turns, consumer);
    return take(this.all, consumer);
  }

  /** Lets a parked consumer take part again. */
  unpark(consumer: Consumer): void {
    if (!consumer.parked) return;
    consumer.parked = false;
    this.enqueue(consumer);
  }

  /** The only consumer that a queue with a single active consumer delivers to. */
  isActive(consumer: Consumer): boolean {
    return !this.singleActive || this.all[0] === consumer;
  }

  /** The consumer that gets the next message; `undefined` when none can take one. */
  next(): Consumer | undefined {
    const { turns } = this;
    if (this.singleActive) {
      const active = this.all[0];
      if (active === undefined || active.parked) return undefined;
      if (active.available) return active;
      this.park(active);
      return undefined;
    }
    for (let consumer = turns[0]; consumer !== undefined; consumer = turns[0]) {
      if (consumer.available) {
        if (turns.length > 1) {
          turns.shift();
          this.enqueue(consumer);
        }
        return consumer;
      }
      this.park(consumer);
    }
    return undefined;
  }

  private park(consumer: Consumer): void {
    consumer.parked = true;
    take(this.turns, consumer);
  }

  /** Behind the last of the same or a higher priority. */
  private enqueue(consumer: Consumer): void {
    const { turns } = this;
    let at = turns.length;
    while (at > 0 && (turns[at - 1]?.priority ?? 0) < consumer.priority) at -= 1;
    if (at === turns.length) turns.push(consumer);
    else turns.splice(at, 0, consumer);
  }
}

function take(list: Consumer[], consumer: Consumer): boolean {
  const index = list.indexOf(consumer);
  if (index < 0) return false;
  list.splice(index, 1);
  return true;
}
