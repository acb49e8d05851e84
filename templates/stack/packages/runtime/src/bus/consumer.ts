import type { Channel, ChannelModel, ConsumeMessage } from 'amqplib';
import { correlationIdFrom } from '../correlation.ts';
import { type Event, EventInvalid, type EventType } from '../events.ts';
import type { Log } from '../logging.ts';
import { CORRELATION_ID, type Span, SpanKind, type Tracing } from '../tracing/index.ts';
import { Acknowledgements } from './acknowledgements.ts';
import type { HeaderValue, MessageProperties } from './amqp/message-properties.ts';
import { propertiesOf } from './amqp/raw-frames.ts';
import { Rejection } from './errors.ts';
import type { Inbox, Transaction } from './inbox.ts';
import type { Destination, Publisher } from './publisher.ts';

/** An event as it was delivered. */
export interface Delivery<Data> {
  event: Event<Data>;
  /** The broker has delivered the event before, or this consumer is trying again: it may have been acted on. */
  again: boolean;
  /** Where the sender awaits the answer. */
  replyTo: string | undefined;
  /** When nobody waits for the event any more, in milliseconds since the epoch. */
  expiresAt: number | undefined;
  /** Of this try to process the event: below it lies what is done for that. */
  span: Span | undefined;
  log: Log;
}

export interface Consumption<Data> {
  /** A declared queue, or a binding for which each consumer gets an exclusive queue of its own. */
  from: { queue: string } | Destination;
  type: EventType<Data>;
  /** How many events are processed at the same time. */
  prefetch: number;
  /**
   * Acknowledged when it resolves; a `Rejection` is dead-lettered; after any other error it is tried again.
   * With an `inbox` it gets the transaction in which the event is noted: what it does in it is done once, or not at all.
   */
  handle(delivery: Delivery<Data>, transaction?: Transaction): Promise<void>;
  /** Remembers which events were processed, so that one that comes again has no second effect. */
  inbox?: Inbox;
  /**
   * Called once when a valid event could not be processed; whoever waits for an answer can be told here.
   * Says whether the event is dead-lettered (also when there is no such function) or has had its effect nevertheless.
   */
  gaveUp?(delivery: Delivery<Data>, error: Error): Promise<'dead-letter' | 'acknowledge'>;
}

export type Outcome = 'processed' | 'duplicate' | 'retried' | 'expired' | 'dead_lettered' | 'redelivered';

export interface ConsumerOptions {
  service: string;
  log: Log;
  tracing: Tracing;
  publisher: Publisher;
  deadLetterExchange: string;
  retryExchange: string;
  /** Milliseconds before each further try of an event whose handler failed; then it is dead-lettered. */
  retryDelays: readonly number[];
  onOutcome(source: string, outcome: Outcome, seconds: number): void;
}

/** Where deliveries come from, and what answers them. */
interface Source {
  channel: Channel;
  acknowledgements: Acknowledgements;
}

/** Consumes one queue with manual acknowledgements. It is opened anew on each connection. */
export class Consumer<Data> {
  readonly #consumption: Consumption<Data>;
  readonly #options: ConsumerOptions;
  #channel: Channel | undefined;
  #tag: string | undefined;
  #acknowledgements: Acknowledgements | undefined;
  #draining = false;
  /** Whether there is an exchange for events that wait: publishing to one that is missing would close the channel. */
  #hasRetries = false;
  #inFlight = 0;
  #idle: (() => void) | undefined;

  constructor(consumption: Consumption<Data>, options: ConsumerOptions) {
    this.#consumption = consumption;
    this.#options = options;
  }

  async open(connection: ChannelModel): Promise<void> {
    if (this.#draining) return;
    const channel = await connection.createChannel();
    channel.on('error', (error) => this.#options.log.warn('the broker closed a consumer', { error }));
    channel.on('close', () => {
      if (this.#channel !== channel) return;
      this.#channel = undefined;
      // A new connection declares everything again; if only this channel died, it has to die too.
      if (!this.#draining) void connection.close().catch(() => {});
    });
    await channel.prefetch(this.#consumption.prefetch);
    this.#hasRetries = 'queue' in this.#consumption.from && (await this.#retriesExist(connection));
    const queue = await this.#queue(channel);
    this.#channel = channel;
    const acknowledgements = new Acknowledgements(channel, this.#consumption.prefetch, (error) =>
      this.#options.log.debug('not acknowledged', { error }),
    );
    this.#acknowledgements = acknowledgements;
    const { consumerTag } = await channel.consume(queue, (message) => {
      if (message === null) {
        acknowledgements.flush();
        void channel.close().catch(() => {});
      } else void this.#take({ channel, acknowledgements }, message);
    });
    this.#tag = consumerTag;
  }

  /** Takes nothing new and resolves when what was taken has been dealt with. */
  async drain(): Promise<void> {
    this.#draining = true;
    const channel = this.#channel;
    if (channel !== undefined && this.#tag !== undefined) await channel.cancel(this.#tag).catch(() => {});
    if (this.#inFlight > 0) {
      await new Promise<void>((resolve) => {
        this.#idle = resolve;
      });
    }
    this.flush();
    // The broker's answer to this says that it has the acknowledgements; closing the connection could overtake them.
    await channel?.close().catch(() => {});
  }

  /** Tells the broker at once what is dealt with. */
  flush(): void {
    this.#acknowledgements?.flush();
  }

  async #queue(channel: Channel): Promise<string> {
    const { from } = this.#consumption;
    if ('queue' in from) return from.queue;
    const { queue } = await channel.assertQueue('', { exclusive: true, autoDelete: true, durable: false });
    await channel.bindQueue(queue, from.exchange, from.routingKey);
    return queue;
  }

  async #take({ channel, acknowledgements }: Source, message: ConsumeMessage): Promise<void> {
    this.#inFlight += 1;
    acknowledgements.taken(message);
    const started = performance.now();
    let outcome: Outcome = 'redelivered';
    try {
      outcome = await this.#process(channel, message);
      if (outcome !== 'redelivered') acknowledgements.done(message);
    } catch (error) {
      this.#logOf(message).error('could not deal with a message', { error });
    } finally {
      const { from } = this.#consumption;
      const source = 'queue' in from ? from.queue : from.routingKey;
      this.#options.onOutcome(source, outcome, (performance.now() - started) / 1000);
      this.#inFlight -= 1;
      if (this.#inFlight === 0) this.#idle?.();
    }
  }

  async #process(channel: Channel, message: ConsumeMessage): Promise<Outcome> {
    const { type } = this.#consumption;
    let event: Event<Data>;
    try {
      event = type.decode(message.content);
    } catch (error) {
      if (!(error instanceof EventInvalid)) throw error;
      return this.#deadLetter(channel, message, error.message);
    }
    const log = this.#options.log.correlated(event.correlationid);
    const expiresAt = event.expirytime === undefined ? undefined : Date.parse(event.expirytime);
    if (expiresAt !== undefined && expiresAt <= Date.now()) {
      log.info('dropped an event that nobody waits for any more', { event: event.id, type: event.type });
      return 'expired';
    }
    const delivery: Delivery<Data> = {
      event,
      again: message.fields.redelivered,
      replyTo: typeof message.properties.replyTo === 'string' ? message.properties.replyTo : undefined,
      expiresAt,
      span: undefined,
      log,
    };
    for (let attempt = attemptOf(message); ; attempt += 1) {
      try {
        return await this.#handleTraced(delivery);
      } catch (thrown) {
        const error = thrown instanceof Error ? thrown : new Error(String(thrown));
        if (this.#channel !== channel) return 'redelivered';
        const delay = this.#options.retryDelays[attempt];
        if (error instanceof Rejection || error instanceof EventInvalid || delay === undefined) {
          return this.#giveUp(channel, message, delivery, error);
        }
        log.warn('trying an event again', { event: event.id, attempt: attempt + 1, error });
        if (await this.#wait(message, attempt + 1, delay)) return 'retried';
        await pause(delay);
        delivery.again = true;
      }
    }
  }

  /** Below the span of whoever sent the event. */
  #handleTraced(delivery: Delivery<Data>): Promise<Outcome> {
    const { from } = this.#consumption;
    const { event } = delivery;
    const source = 'queue' in from ? from.queue : from.routingKey;
    const attributes = {
      'messaging.system': 'rabbitmq',
      'messaging.operation.type': 'process',
      'messaging.destination.name': source,
      'messaging.message.id': event.id,
      [CORRELATION_ID]: event.correlationid,
    };
    const options = { kind: SpanKind.CONSUMER, attributes, parent: event.traceparent };
    return this.#options.tracing.span(`process ${source}`, options, (span) => {
      delivery.span = span;
      return this.#handle(delivery);
    });
  }

  async #handle(delivery: Delivery<Data>): Promise<Outcome> {
    const { from, handle, inbox } = this.#consumption;
    if (inbox === undefined) {
      await handle(delivery);
      return 'processed';
    }
    const consumer = 'queue' in from ? from.queue : `${this.#options.service}:${from.routingKey}`;
    const isNew = await inbox.once(consumer, delivery.event.id, (transaction) =>
      handle(delivery, transaction),
    );
    if (!isNew) delivery.log.debug('an event came again', { event: delivery.event.id });
    return isNew ? 'processed' : 'duplicate';
  }

  async #retriesExist(connection: ChannelModel): Promise<boolean> {
    const channel = await connection.createChannel();
    channel.on('error', () => {});
    try {
      await channel.checkExchange(this.#options.retryExchange);
      await channel.close();
      return true;
    } catch (error) {
      // A stack need not have one (404); that it may not be asked for is another matter.
      if ((error as { code?: unknown }).code !== NOT_FOUND)
        this.#options.log.warn('could not look for the exchange of retries', { error });
      return false;
    }
  }

  /** Lets the message wait in the queue for this delay, if there is one; from there the broker brings it back. */
  async #wait(message: ConsumeMessage, attempt: number, delay: number): Promise<boolean> {
    const { from } = this.#consumption;
    if (!('queue' in from) || !this.#hasRetries) return false;
    const { publisher, retryExchange, log } = this.#options;
    try {
      await publisher.forward(
        { exchange: retryExchange, routingKey: `${from.queue}.retry.${delay}` },
        message.content,
        passedOn(message, { ...originOf(message, from.queue), [ATTEMPT]: attempt }),
      );
      return true;
    } catch (error) {
      // The topology has no waiting queue for this one, or not for this delay.
      log.debug('no queue to wait in', { queue: from.queue, delay, error });
      return false;
    }
  }

  async #giveUp(
    channel: Channel,
    message: ConsumeMessage,
    delivery: Delivery<Data>,
    error: Error,
  ): Promise<Outcome> {
    const { event, log } = delivery;
    let verdict: 'dead-letter' | 'acknowledge' = 'dead-letter';
    try {
      verdict = (await this.#consumption.gaveUp?.(delivery, error)) ?? verdict;
    } catch (failure) {
      log.warn('could not tell that an event was given up', { event: event.id, error: failure });
    }
    if (verdict === 'acknowledge') return 'processed';
    log.error('gave an event up', { event: event.id, error });
    return this.#deadLetter(channel, message, error.message);
  }

  /** Tied to the message's correlation id, where it has one: what cannot be read must be found, too. */
  #logOf({ properties: { correlationId } }: ConsumeMessage): Log {
    const { log } = this.#options;
    return typeof correlationId === 'string' && correlationId !== ''
      ? log.correlated(correlationIdFrom(correlationId))
      : log;
  }

  /** Publishes the message to the dead-letter exchange until the broker has confirmed it; only then it may be acknowledged. */
  async #deadLetter(channel: Channel, message: ConsumeMessage, reason: string): Promise<Outcome> {
    const { publisher, deadLetterExchange, service } = this.#options;
    const log = this.#logOf(message);
    const { from } = this.#consumption;
    const origin = originOf(message, 'queue' in from ? from.queue : undefined);
    const routingKey = origin[ORIGINAL_KEY];
    for (let delay = 100; this.#channel === channel; delay = Math.min(delay * 2, 5000)) {
      try {
        const notes = { ...origin, 'x-reason': reason.slice(0, 1000), 'x-rejected-by': service };
        await publisher.forward(
          { exchange: deadLetterExchange, routingKey },
          message.content,
          passedOn(message, notes),
        );
        log.warn('dead-lettered a message', {
          exchange: origin[ORIGINAL_EXCHANGE],
          routing_key: routingKey,
          reason,
        });
        return 'dead_lettered';
      } catch (error) {
        log.error('could not dead-letter a message, trying again', { error });
        await pause(delay);
      }
    }
    return 'redelivered';
  }
}

/** AMQP's reply code. */
const NOT_FOUND = 404;
/** How often the event was tried before it waited. */
const ATTEMPT = 'x-attempt';
/** Where the message came from first, before it waited. */
const ORIGINAL_EXCHANGE = 'x-original-exchange';
const ORIGINAL_KEY = 'x-original-routing-key';
const ORIGINAL_QUEUE = 'x-original-queue';

/**
 * What the broker has noted of the message's ways. Sent again it would be taken for a loop, and the message dropped
 * (https://www.rabbitmq.com/docs/dlx#effects).
 */
const BROKERS_OWN = /^x-(death|delivery-count|(first|last)-death-(exchange|queue|reason))$/;

function attemptOf({ properties }: ConsumeMessage): number {
  const attempt = properties.headers?.[ATTEMPT];
  return typeof attempt === 'number' ? attempt : 0;
}

/** Where the message came from first: it says so itself when it has waited before. */
function originOf({ fields, properties }: ConsumeMessage, queue: string | undefined) {
  const noted = (name: string, otherwise: string) => {
    const value: unknown = properties.headers?.[name];
    return typeof value === 'string' ? value : otherwise;
  };
  return {
    [ORIGINAL_EXCHANGE]: noted(ORIGINAL_EXCHANGE, fields.exchange),
    [ORIGINAL_KEY]: noted(ORIGINAL_KEY, fields.routingKey),
    ...(queue === undefined ? {} : { [ORIGINAL_QUEUE]: noted(ORIGINAL_QUEUE, queue) }),
  };
}

/**
 * The properties of a message as they came, with these notes among its headers. Its time to live belongs to the queue
 * that it has left, and nobody may vouch for another user.
 */
function passedOn(message: ConsumeMessage, notes: Readonly<Record<string, HeaderValue>>): MessageProperties {
  return propertiesOf(message)
    .with({ expiration: undefined, userId: undefined })
    .withHeaders(notes, (name) => BROKERS_OWN.test(name));
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
