import type { Table } from '../codec/table.ts';
import type { Binding } from '../exchange/binding.ts';
import { Message } from '../message.ts';
import type { MessageRecord } from '../store/record.ts';
import type { Publication } from '../store/store.ts';
import { type Policy, underPolicy } from '../virtual-host/policies.ts';
import { Alarm } from './alarm.ts';
import type { QueueSettings } from './arguments.ts';
import type { Consumer } from './consumer.ts';
import { Consumers } from './consumers.ts';
import type { DeathReason } from './death.ts';
import { type Entry, newEntry } from './entry.ts';
import type { PublishOutcome, QueueEnvironment, QueueProperties } from './environment.ts';
import { Homeless } from './homeless.ts';
import { dropsHead, isAboveLimit, keepsDeadLetters } from './limits.ts';
import { ReadyList } from './ready.ts';
import { UnusedWatch } from './unused.ts';

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
  /** It has failed and does nothing any more; what is in it stays where it is kept. */
  crashed = false;
  private readonly ready: ReadyList;
  private readonly environment: QueueEnvironment;
  /** What the arguments alone ask for. */
  private readonly declared: QueueSettings;
  private readonly homeless: Homeless;
  private nextPosition = 0;
  private hadConsumers = false;
  private dispatching = false;
  /** When the first message expires. */
  private readonly ttlAlarm: Alarm;
  private readonly unused: UnusedWatch;

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
    const failed = (error: unknown) => environment.failed(this, error);
    this.ttlAlarm = new Alarm(failed, () => this.expireHead());
    this.unused = new UnusedWatch(failed, () => {
      if (this.consumers.count === 0) environment.ended(this);
    });
    this.homeless = new Homeless(failed, (entry, reason) => this.kill(entry, reason));
    this.touch();
  }

  /** Dead letters that are kept until they find a place; they count as messages that are neither ready nor delivered. */
  get homelessCount(): number {
    return this.homeless.count;
  }

  private get isEnded(): boolean {
    return this.deleted || this.crashed;
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
    if (this.crashed) return;
    this.settings = underPolicy(this.declared, policy);
    this.touch();
    this.dropOverflow();
    this.expireHead();
  }

  /** Somebody has shown interest: the time until an unused queue expires starts anew. */
  touch(): void {
    if (!this.isEnded) this.unused.touch(this.settings.expires);
  }

  publish(message: Message, publication?: Publication): PublishOutcome {
    if (this.crashed) return 'rejected';
    const { settings } = this;
    const { length, bytes } = this.ready;
    if (!dropsHead(settings) && isAboveLimit(settings, length + 1, bytes + message.body.length)) {
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
    for (const record of records) {
      const { position, expiresAt, deliveries } = record;
      const message = Message.stored(record.message);
      record.message = message;
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
    if (!this.isEnded) this.kill(entry, 'rejected');
  }

  /**
   * Messages come back: each takes its old place. In a quorum queue those that a client has returned go behind all
   * others unless there is a delivery limit, so that one that nobody can process does not stop the rest
   * (https://www.rabbitmq.com/docs/3.13/quorum-queues#repeated-requeues).
   */
  requeue(entries: readonly Entry[], isReturned: boolean): void {
    const { deliveryLimit, type } = this.settings;
    for (const entry of entries) {
      this.release(entry);
      if (this.isEnded) continue;
      entry.redelivered = true;
      entry.returns += 1;
      if (deliveryLimit !== undefined && entry.returns > deliveryLimit) this.kill(entry, 'delivery_limit');
      else if (type === 'classic') this.ready.putBack(entry);
      else if (isReturned && deliveryLimit === undefined) this.ready.push(entry);
      else this.ready.putAfterReturned(entry);
    }
    if (this.isEnded) return;
    this.dropOverflow();
    this.expireHead();
    this.dispatch();
  }

  addConsumer(consumer: Consumer): void {
    this.hadConsumers = true;
    this.consumers.add(consumer);
  }

  removeConsumer(consumer: Consumer): void {
    if (!this.consumers.remove(consumer) || this.isEnded) return;
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
    if (this.dispatching || this.isEnded) return;
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
    this.ttlAlarm.clear();
    this.unused.close();
    this.homeless.close();
  }

  /** Ends the queue: nothing is delivered any more, and whoever consumes is told. */
  delete(): void {
    this.deleted = true;
    this.close();
    this.ready.clear();
    this.cancelConsumers();
  }

  /** The queue has failed: it does nothing more, so that the others can go on. What it keeps, the next start reads. */
  setAside(): void {
    this.crashed = true;
    this.close();
    this.cancelConsumers();
  }

  private cancelConsumers(): void {
    for (const consumer of [...this.consumers]) {
      this.consumers.remove(consumer);
      consumer.host.cancelledByServer(consumer);
    }
  }

  private entryOf(message: Message): Entry {
    this.nextPosition += 1;
    return newEntry(message, this.nextPosition, this.settings.messageTtl);
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

  /** The first message that has not expired. The one behind it is at the head now, and its time may have come. */
  private takeReady(): Entry | undefined {
    this.expireHead();
    const entry = this.ready.shift();
    this.expireHead();
    return entry;
  }

  private kill(entry: Entry, reason: DeathReason): void {
    if (!keepsDeadLetters(this.settings)) {
      this.environment.deadLetter(this, entry, reason);
      this.environment.store.remove(this, entry);
      return;
    }
    this.environment.deadLetter(this, entry, reason, (taken) => {
      if (this.deleted) return;
      if (taken) {
        this.homeless.found(entry);
        this.environment.store.remove(this, entry);
      } else this.homeless.keep(entry, reason);
    });
  }

  private dropOverflow(): void {
    if (!dropsHead(this.settings)) return;
    while (isAboveLimit(this.settings, this.ready.length, this.ready.bytes)) {
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
        this.ttlAlarm.setAt(head.expiresAt);
        return;
      }
      this.ready.shift();
      this.kill(head, 'expired');
    }
  }
}
