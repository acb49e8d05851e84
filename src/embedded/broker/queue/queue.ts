import type { Binding } from '../binding.ts';
import type { Table } from '../codec/table.ts';
import type { Message } from '../message.ts';
import { type Policy, underPolicy } from '../policies.ts';
import type { MessageRecord } from '../store/record.ts';
import type { Publication, Store } from '../store.ts';
import type { QueueSettings } from './arguments.ts';
import type { Consumer } from './consumer.ts';
import { Consumers } from './consumers.ts';
import type { DeathReason } from './death.ts';
import type { Entry } from './entry.ts';
import { ReadyList } from './ready.ts';

/** Node's timers take no longer delay; a later deadline is looked at again then. */
const LONGEST_TIMER_MS = 0x7fff_ffff;

/** How long a dead letter waits for its next try to find a place. */
const REHOME_MS = 1_000;

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
}

/**
 * What became of a publish: taken and safe, taken and not safe yet, or refused because the queue is full or the disk
 * does not take it.
 */
export type PublishOutcome = 'stored' | 'storing' | 'rejected';

/**
 * A queue: messages in order, consumers in turn. Either no consumer can take a message, or no message waits.
 * The two types differ in what they do with messages that come back.
 */
export class Queue implements QueueProperties {
  readonly name: string;
  readonly durable: boolean;
  readonly autoDelete: boolean;
  readonly exclusiveOwner: object | undefined;
  readonly arguments: Table;
  /** What holds: the arguments, under the policy that matches. */
  settings: QueueSettings;
  /** The name of that policy. */
  policy: Policy | undefined;
  /** Bindings that end here, without the implicit one of the default exchange. */
  readonly incoming = new Set<Binding>();
  readonly consumers: Consumers;
  /** How many messages came, went out to clients, and were acknowledged, since the broker was started. */
  readonly stats = { published: 0, delivered: 0, acknowledged: 0 };
  /** Messages delivered and not yet settled. */
  unacknowledged = 0;
  unacknowledgedBytes = 0;
  deleted = false;
  private readonly ready: ReadyList;
  private readonly environment: QueueEnvironment;
  /** What the arguments alone ask for. */
  private readonly declared: QueueSettings;
  /** Dead letters that found no place yet, where they must not be lost. */
  private readonly homeless = new Map<Entry, DeathReason>();
  private homelessTimer: NodeJS.Timeout | undefined;
  private nextPosition = 0;
  private hadConsumers = false;
  private dispatching = false;
  private lastUsed = Date.now();
  private ttlTimer: NodeJS.Timeout | undefined;
  private ttlTimerAt = Number.POSITIVE_INFINITY;
  private expiryTimer: NodeJS.Timeout | undefined;

  constructor(
    name: string,
    properties: QueueProperties,
    declared: QueueSettings,
    environment: QueueEnvironment,
    policy: Policy | undefined,
  ) {
    this.name = name;
    this.durable = properties.durable;
    this.autoDelete = properties.autoDelete;
    this.exclusiveOwner = properties.exclusiveOwner;
    this.arguments = properties.arguments;
    this.declared = declared;
    this.policy = policy;
    this.settings = underPolicy(declared, policy);
    this.environment = environment;
    this.ready = new ReadyList(declared.maxPriority ?? 0);
    this.consumers = new Consumers(declared.singleActiveConsumer);
    this.touch();
  }

  /** Dead letters that are kept until they find a place; they count as messages that are neither ready nor delivered. */
  get homelessCount(): number {
    return this.homeless.size;
  }

  get readyCount(): number {
    return this.ready.length;
  }

  get readyBytes(): number {
    return this.ready.bytes;
  }

  /** Another policy holds from now on, for what is in the queue as well; its time to live only for what comes. */
  follow(policy: Policy | undefined): void {
    this.policy = policy;
    this.settings = underPolicy(this.declared, policy);
    clearTimeout(this.expiryTimer);
    this.expiryTimer = undefined;
    this.touch();
    this.dropOverflow();
    this.expireHead();
  }

  /** Somebody has shown interest: the time until an unused queue expires starts anew. */
  touch(): void {
    this.lastUsed = Date.now();
    if (this.settings.expires !== undefined && this.expiryTimer === undefined) this.watchExpiry();
  }

  publish(message: Message, publication?: Publication): PublishOutcome {
    const { settings } = this;
    if ((settings.overflow ?? 'drop-head') !== 'drop-head' && this.wouldOverflow(message)) {
      if (settings.overflow === 'reject-publish-dlx')
        this.environment.deadLetter(this, this.entryOf(message), 'maxlen');
      return 'rejected';
    }
    const entry = this.entryOf(message);
    const outcome = this.environment.store.add(this, entry, publication);
    if (outcome === 'refused') return 'rejected';
    this.stats.published += 1;
    // A message whose time to live is zero still reaches a consumer that waits for it.
    const consumer = this.ready.length === 0 && !this.dispatching ? this.consumers.next() : undefined;
    if (consumer !== undefined) this.deliverTo(consumer, entry);
    else {
      this.ready.push(entry);
      this.dropOverflow();
      this.expireHead();
    }
    return outcome;
  }

  /**
   * Takes back what an earlier process has left, in order. Gives what has come back too often; `resumeAfterRestart`
   * does away with that once every queue is restored.
   */
  restore(records: Iterable<MessageRecord>): Entry[] {
    const { deliveryLimit } = this.settings;
    const spent: Entry[] = [];
    for (const { message, position, expiresAt, deliveries } of records) {
      // What was delivered either has come back or comes back now.
      const entry = { message, position, expiresAt, redelivered: deliveries > 0, returns: deliveries };
      this.nextPosition = position;
      if (deliveryLimit !== undefined && deliveries > deliveryLimit) spent.push(entry);
      else this.ready.push(entry);
    }
    return spent;
  }

  resumeAfterRestart(spent: readonly Entry[]): void {
    for (const entry of spent) this.kill(entry, 'delivery_limit');
    this.dropOverflow();
    this.expireHead();
  }

  /** Takes the first message, for `basic.get`. */
  get(noAck: boolean): Entry | undefined {
    this.touch();
    const entry = this.takeReady();
    if (entry === undefined) return undefined;
    if (noAck) this.environment.store.remove(this, entry);
    else this.hold(entry);
    return entry;
  }

  /** The message has been processed. */
  acknowledge(entry: Entry): void {
    this.release(entry);
    this.stats.acknowledged += 1;
    if (!this.deleted) this.environment.store.remove(this, entry);
  }

  /** The message has been refused: it goes to the dead-letter exchange, if there is one. */
  reject(entry: Entry): void {
    this.release(entry);
    if (!this.deleted) this.kill(entry, 'rejected');
  }

  /** Messages come back; each takes its old place. */
  requeue(entries: readonly Entry[]): void {
    const { deliveryLimit } = this.settings;
    for (const entry of entries) {
      this.release(entry);
      if (this.deleted) continue;
      entry.redelivered = true;
      entry.returns += 1;
      if (deliveryLimit !== undefined && entry.returns > deliveryLimit) this.kill(entry, 'delivery_limit');
      else this.ready.putBack(entry);
    }
    if (this.deleted) return;
    this.dropOverflow();
    this.expireHead();
    this.dispatch();
  }

  addConsumer(consumer: Consumer): void {
    this.hadConsumers = true;
    this.consumers.add(consumer);
  }

  removeConsumer(consumer: Consumer): void {
    if (!this.consumers.remove(consumer) || this.deleted) return;
    this.touch();
    if (this.autoDelete && this.hadConsumers && this.consumers.count === 0) this.environment.ended(this);
    else this.dispatch();
  }

  /** A consumer that could not take a message may be able to again. */
  resume(consumer: Consumer): void {
    this.consumers.unpark(consumer);
    this.dispatch();
  }

  /** Delivers until no message or no able consumer is left. */
  dispatch(): void {
    if (this.dispatching || this.deleted) return;
    this.dispatching = true;
    try {
      while (this.ready.length > 0) {
        const consumer = this.consumers.next();
        if (consumer === undefined) return;
        const entry = this.takeReady();
        if (entry === undefined) return;
        this.deliverTo(consumer, entry);
      }
    } finally {
      this.dispatching = false;
    }
  }

  /** Drops what is ready; gives how much that was. */
  purge(): number {
    const entries = this.ready.clear();
    for (const entry of entries) this.environment.store.remove(this, entry);
    return entries.length;
  }

  /** Stops the timers. */
  close(): void {
    clearTimeout(this.ttlTimer);
    clearTimeout(this.expiryTimer);
    clearTimeout(this.homelessTimer);
  }

  /** Ends the queue: nothing is delivered any more, and whoever consumes is told. */
  delete(): void {
    this.deleted = true;
    this.close();
    this.ready.clear();
    for (const consumer of [...this.consumers]) {
      this.consumers.remove(consumer);
      consumer.host.cancelledByServer(consumer);
    }
  }

  private entryOf(message: Message): Entry {
    const { messageTtl } = this.settings;
    const own = message.expiration;
    const ttl = own === undefined || (messageTtl !== undefined && messageTtl < own) ? messageTtl : own;
    this.nextPosition += 1;
    return {
      message,
      position: this.nextPosition,
      expiresAt: ttl === undefined ? Number.POSITIVE_INFINITY : Date.now() + ttl,
      redelivered: false,
      returns: 0,
    };
  }

  private deliverTo(consumer: Consumer, entry: Entry): void {
    if (consumer.noAck) this.environment.store.remove(this, entry);
    else {
      this.hold(entry);
      consumer.unacknowledged += 1;
    }
    consumer.host.deliver(consumer, entry);
  }

  private hold(entry: Entry): void {
    this.environment.store.delivered(this, entry);
    this.unacknowledged += 1;
    this.unacknowledgedBytes += entry.message.body.length;
  }

  private release(entry: Entry): void {
    this.unacknowledged -= 1;
    this.unacknowledgedBytes -= entry.message.body.length;
  }

  /** The first message that has not expired. */
  private takeReady(): Entry | undefined {
    this.expireHead();
    return this.ready.shift();
  }

  private kill(entry: Entry, reason: DeathReason): void {
    if (!this.keepsDeadLetters) {
      this.environment.deadLetter(this, entry, reason);
      this.environment.store.remove(this, entry);
      return;
    }
    this.environment.deadLetter(this, entry, reason, (taken) => {
      if (this.deleted) return;
      if (taken) {
        this.homeless.delete(entry);
        this.environment.store.remove(this, entry);
        return;
      }
      this.homeless.set(entry, reason);
      this.homelessTimer ??= setTimeout(() => this.rehome(), REHOME_MS);
    });
  }

  /** Only then RabbitMQ dead-letters at least once, and otherwise at most once. */
  private get keepsDeadLetters(): boolean {
    const { type, overflow, deadLetterStrategy, deadLetterExchange } = this.settings;
    if (type !== 'quorum' || deadLetterExchange === undefined) return false;
    return deadLetterStrategy === 'at-least-once' && overflow === 'reject-publish';
  }

  private rehome(): void {
    this.homelessTimer = undefined;
    for (const [entry, reason] of [...this.homeless]) this.kill(entry, reason);
  }

  private wouldOverflow(message: Message): boolean {
    const { maxLength, maxLengthBytes } = this.settings;
    if (maxLength !== undefined && this.ready.length + 1 > maxLength) return true;
    return maxLengthBytes !== undefined && this.ready.bytes + message.body.length > maxLengthBytes;
  }

  private dropOverflow(): void {
    const { maxLength, maxLengthBytes, overflow } = this.settings;
    if (overflow !== undefined && overflow !== 'drop-head') return;
    while (
      (maxLength !== undefined && this.ready.length > maxLength) ||
      (maxLengthBytes !== undefined && this.ready.bytes > maxLengthBytes)
    ) {
      const entry = this.ready.shift();
      if (entry === undefined) return;
      this.kill(entry, 'maxlen');
    }
  }

  /** As in RabbitMQ only the first message is looked at: what expires behind it waits until it has come forward. */
  private expireHead(): void {
    for (let head = this.ready.peek(); head !== undefined; head = this.ready.peek()) {
      if (head.expiresAt === Number.POSITIVE_INFINITY) return;
      if (head.expiresAt > Date.now()) {
        this.wakeAt(head.expiresAt);
        return;
      }
      this.ready.shift();
      this.kill(head, 'expired');
    }
  }

  private wakeAt(time: number): void {
    if (time >= this.ttlTimerAt) return;
    clearTimeout(this.ttlTimer);
    this.ttlTimerAt = time;
    this.ttlTimer = setTimeout(
      () => {
        this.ttlTimerAt = Number.POSITIVE_INFINITY;
        this.expireHead();
      },
      Math.min(time - Date.now(), LONGEST_TIMER_MS),
    );
  }

  private watchExpiry(): void {
    const { expires } = this.settings;
    if (expires === undefined) return;
    const left = this.lastUsed + expires - Date.now();
    this.expiryTimer = setTimeout(
      () => {
        this.expiryTimer = undefined;
        if (this.consumers.count > 0) return;
        if (Date.now() >= this.lastUsed + expires) this.environment.ended(this);
        else this.watchExpiry();
      },
      Math.min(Math.max(left, 0), LONGEST_TIMER_MS),
    );
  }
}
