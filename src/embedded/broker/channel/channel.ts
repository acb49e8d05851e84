import { FRAME } from '../codec/frames.ts';
import { idsOf, type Method, type MethodFields, type MethodName } from '../codec/methods.ts';
import { AmqpError } from '../errors.ts';
import type { Message } from '../message.ts';
import { Consumer, type ConsumerHost, type ConsumerOptions } from '../queue/consumer.ts';
import { withDeliveryCount } from '../queue/death.ts';
import type { Entry } from '../queue/entry.ts';
import type { Queue } from '../queue/queue.ts';
import { Confirms } from './confirms.ts';
import { ContentAssembler, type PublishTarget } from './content.ts';
import type { ChannelContext } from './context.ts';
import { Deliveries, type Delivery, type Settlement, settle } from './deliveries.ts';
import { HANDLERS } from './handlers/index.ts';
import { publish } from './publish.ts';
import type { Transaction } from './transaction.ts';

type State = 'starting' | 'running' | 'closing' | 'closed';

/** One channel of a connection: its consumers, what they hold, and the methods that the client calls on it. */
export class Channel implements ConsumerHost {
  readonly number: number;
  readonly context: ChannelContext;
  readonly consumers = new Map<string, Consumer>();
  readonly deliveries = new Deliveries();
  readonly confirms = new Confirms();
  /** The prefetch that new consumers get; 0 for no limit. */
  prefetch = 0;
  /** The limit for all consumers of the channel together; 0 for none. */
  globalPrefetch = 0;
  confirming = false;
  transaction: Transaction | undefined;
  /** What an empty queue name stands for. */
  lastQueue = '';
  /** The consumer of direct reply-to. */
  replyConsumer: { tag: string; address: string } | undefined;
  private state: State = 'starting';
  private lastDeliveryTag = 0;
  /** Unsettled deliveries to consumers, for the global prefetch. */
  private heldByConsumers = 0;
  private readonly content = new ContentAssembler();
  private publishing = false;

  constructor(number: number, context: ChannelContext) {
    this.number = number;
    this.context = context;
  }

  get isOpen(): boolean {
    return this.state === 'running';
  }

  /** A method without content. */
  handle(method: Method): void {
    this.content.assertNothingExpected();
    if (method.name === 'channel.open') {
      if (this.state !== 'starting') throw new AmqpError('CHANNEL_ERROR', "second 'channel.open' seen");
      this.state = 'running';
      this.send('channel.open-ok', { channelId: Buffer.alloc(0) });
      return;
    }
    if (this.state === 'starting') throw new AmqpError('CHANNEL_ERROR', "expected 'channel.open'");
    if (method.name === 'channel.close') {
      this.closedByClient();
      return;
    }
    if (this.state === 'closing') {
      if (method.name === 'channel.close-ok') this.release();
      return;
    }
    const handler = HANDLERS[method.name] as ((channel: Channel, fields: unknown) => void) | undefined;
    if (handler === undefined) throw new AmqpError('COMMAND_INVALID', 'unimplemented method');
    handler(this, method.fields);
  }

  /** `basic.publish`: its content follows. */
  beginPublish(target: PublishTarget): void {
    this.content.assertNothingExpected();
    if (this.state === 'starting') throw new AmqpError('CHANNEL_ERROR', "expected 'channel.open'");
    if (this.state === 'running') this.content.begin(target);
  }

  /** A header or body frame. */
  handleContent(type: number, buffer: Buffer, start: number, end: number): void {
    if (this.state === 'closing') return;
    const complete =
      type === FRAME.header ? this.content.header(buffer, start, end) : this.content.body(buffer, start, end);
    if (complete === undefined) return;
    this.publishing = true;
    publish(this, complete);
    this.publishing = false;
  }

  /** The method whose content is awaited or worked on, for the `close` that reports an error in it. */
  get methodInProgress(): MethodName | undefined {
    return this.content.inProgress || this.publishing ? 'basic.publish' : undefined;
  }

  /** Ends the channel because of an error; the client is told. */
  closeWith(error: AmqpError, method: MethodName | undefined): void {
    if (this.state === 'closing' || this.state === 'closed') return;
    this.flushConfirms();
    this.state = 'closing';
    this.content.abandon();
    this.letGo();
    this.context.outbox.method(this.number, 'channel.close', {
      replyCode: error.code,
      replyText: error.replyText,
      ...idsOf(method),
    });
  }

  /** Ends the channel with its connection; nobody is told. */
  abandon(): void {
    if (this.state === 'closed') return;
    this.state = 'closed';
    this.letGo();
  }

  send<Name extends MethodName>(name: Name, fields: MethodFields<Name>): void {
    this.context.outbox.method(this.number, name, fields);
  }

  flushConfirms(): void {
    if (this.confirms.hasSettled && this.isOpen) this.confirms.flush(this.context.outbox, this.number);
  }

  // Consumers

  consume(queue: Queue, options: ConsumerOptions): Consumer {
    const consumer = new Consumer(queue, this, options);
    this.consumers.set(options.tag, consumer);
    queue.addConsumer(consumer);
    return consumer;
  }

  cancel(consumer: Consumer): void {
    this.consumers.delete(consumer.tag);
    consumer.queue.removeConsumer(consumer);
  }

  accepts(consumer: Consumer): boolean {
    if (this.state !== 'running' || this.context.outbox.congested) return false;
    return consumer.noAck || this.globalPrefetch === 0 || this.heldByConsumers < this.globalPrefetch;
  }

  deliver(consumer: Consumer, entry: Entry): void {
    this.lastDeliveryTag += 1;
    const tag = this.lastDeliveryTag;
    if (!consumer.noAck) {
      this.heldByConsumers += 1;
      this.deliveries.add({ tag, entry, queue: consumer.queue, consumer });
    }
    const counters = this.context.counters.queues[consumer.queue.settings.type];
    counters.deliveredToConsumer[consumer.noAck ? 'autoAck' : 'manualAck'] += 1;
    if (entry.redelivered) counters.redelivered += 1;
    consumer.queue.stats.delivered += 1;
    const message = messageFor(consumer.queue, entry);
    this.context.outbox.deliver(this.number, consumer.tagBytes, tag, entry.redelivered, message);
  }

  cancelledByServer(consumer: Consumer): void {
    this.consumers.delete(consumer.tag);
    if (this.isOpen && this.context.notifiesCancel)
      this.send('basic.cancel', { consumerTag: consumer.tag, nowait: true });
  }

  /** Consumers that were passed over, because of the limits or because the client did not read, take part again. */
  resumeConsumers(): void {
    for (const consumer of [...this.consumers.values()]) if (consumer.parked) consumer.queue.resume(consumer);
  }

  /** A message fetched by `basic.get`. */
  deliverGot(queue: Queue, entry: Entry, noAck: boolean): void {
    this.lastDeliveryTag += 1;
    const tag = this.lastDeliveryTag;
    if (!noAck) this.deliveries.add({ tag, entry, queue, consumer: undefined });
    const counters = this.context.counters.queues[queue.settings.type];
    counters.fetched[noAck ? 'autoAck' : 'manualAck'] += 1;
    if (entry.redelivered) counters.redelivered += 1;
    queue.stats.delivered += 1;
    const message = messageFor(queue, entry);
    this.context.outbox.content(
      this.number,
      'basic.get-ok',
      {
        deliveryTag: tag,
        redelivered: entry.redelivered,
        exchange: message.exchange,
        routingKey: message.routingKey,
        messageCount: queue.readyCount,
      },
      message,
    );
  }

  /** A direct reply. RabbitMQ gives it the tag that the next delivery will have. */
  deliverReply(message: Message): void {
    if (!this.isOpen || this.replyConsumer === undefined) return;
    const tag = Buffer.from(this.replyConsumer.tag);
    this.context.outbox.deliver(this.number, tag, this.lastDeliveryTag + 1, false, message);
  }

  // Settling

  /** `basic.ack`, without the detour through the decoded method. */
  acknowledge(tag: number, multiple: boolean): void {
    this.content.assertNothingExpected();
    this.settle(tag, multiple, 'acknowledge');
  }

  /** The client settles deliveries; in a transaction that waits for the commit. */
  settle(tag: number, multiple: boolean, how: Settlement): void {
    const taken = this.deliveries.take(tag, multiple);
    if (this.transaction === undefined) this.settleNow(taken, how);
    else this.transaction.settle(taken, how);
  }

  settleNow(deliveries: readonly Delivery[], how: Settlement): void {
    for (const { consumer, queue } of deliveries) {
      if (how === 'acknowledge') this.context.counters.queues[queue.settings.type].acknowledged += 1;
      if (consumer !== undefined) this.heldByConsumers -= 1;
    }
    settle(deliveries, how);
    if (this.globalPrefetch > 0) this.resumeConsumers();
    else
      for (const { consumer } of deliveries)
        if (consumer?.parked === true && consumer.available) consumer.queue.resume(consumer);
  }

  // Ending

  private closedByClient(): void {
    if (this.state === 'closing') {
      this.send('channel.close-ok', {});
      return;
    }
    this.flushConfirms();
    this.state = 'closing';
    this.letGo();
    this.send('channel.close-ok', {});
    this.release();
  }

  /** Gives back everything that the channel holds. */
  private letGo(): void {
    if (this.replyConsumer !== undefined) this.context.replies.unregister(this.replyConsumer.address);
    this.replyConsumer = undefined;
    const uncommitted = this.transaction?.take().settlements.flatMap(({ deliveries }) => deliveries) ?? [];
    this.deliveries.restore(uncommitted);
    for (const consumer of [...this.consumers.values()]) this.cancel(consumer);
    settle(this.deliveries.takeAll(), 'abandon');
  }

  private release(): void {
    this.state = 'closed';
    this.context.released(this);
  }
}

function messageFor(queue: Queue, entry: Entry): Message {
  return queue.settings.type === 'quorum' && entry.returns > 0
    ? withDeliveryCount(entry.message, entry.returns)
    : entry.message;
}
