import type { Channel, ChannelModel, ConsumeMessage } from 'amqplib';
import { type Event, EventInvalid, type EventType } from '../events.ts';
import type { Log } from '../logging.ts';
import { Rejection } from './errors.ts';
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
  log: Log;
}

export interface Consumption<Data> {
  /** A declared queue, or a binding for which each consumer gets an exclusive queue of its own. */
  from: { queue: string } | Destination;
  type: EventType<Data>;
  /** How many events are processed at the same time. */
  prefetch: number;
  /** Acknowledged when it resolves; a `Rejection` is dead-lettered; after any other error it is tried again. */
  handle(delivery: Delivery<Data>): Promise<void>;
  /**
   * Called once when a valid event could not be processed; whoever waits for an answer can be told here.
   * Says whether the event is dead-lettered (also when there is no such function) or has had its effect nevertheless.
   */
  gaveUp?(delivery: Delivery<Data>, error: Error): Promise<'dead-letter' | 'acknowledge'>;
}

export type Outcome = 'processed' | 'expired' | 'dead_lettered' | 'redelivered';

export interface ConsumerOptions {
  service: string;
  log: Log;
  publisher: Publisher;
  deadLetterExchange: string;
  /** Milliseconds before each further try of an event whose handler failed; then it is dead-lettered. */
  retryDelays: readonly number[];
  onOutcome(source: string, outcome: Outcome, seconds: number): void;
}

/** Consumes one queue with manual acknowledgements. It is opened anew on each connection. */
export class Consumer<Data> {
  readonly #consumption: Consumption<Data>;
  readonly #options: ConsumerOptions;
  #channel: Channel | undefined;
  #tag: string | undefined;
  #draining = false;
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
    const queue = await this.#queue(channel);
    this.#channel = channel;
    const { consumerTag } = await channel.consume(queue, (message) => {
      if (message === null) void channel.close().catch(() => {});
      else void this.#take(channel, message);
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
    // The broker's answer to this says that it has the acknowledgements; closing the connection could overtake them.
    await channel?.close().catch(() => {});
  }

  async #queue(channel: Channel): Promise<string> {
    const { from } = this.#consumption;
    if ('queue' in from) return from.queue;
    const { queue } = await channel.assertQueue('', { exclusive: true, autoDelete: true, durable: false });
    await channel.bindQueue(queue, from.exchange, from.routingKey);
    return queue;
  }

  async #take(channel: Channel, message: ConsumeMessage): Promise<void> {
    this.#inFlight += 1;
    const started = performance.now();
    let outcome: Outcome = 'redelivered';
    try {
      outcome = await this.#process(channel, message);
      if (outcome !== 'redelivered') channel.ack(message);
    } catch (error) {
      // Only an acknowledgement on a channel that has just closed gets here: the broker delivers the message again.
      this.#options.log.debug('not acknowledged', { error });
    } finally {
      const { from } = this.#consumption;
      const source = 'queue' in from ? from.queue : from.routingKey;
      this.#options.onOutcome(source, outcome, (performance.now() - started) / 1000);
      this.#inFlight -= 1;
      if (this.#inFlight === 0) this.#idle?.();
    }
  }

  async #process(channel: Channel, message: ConsumeMessage): Promise<Outcome> {
    const { type, handle } = this.#consumption;
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
      log,
    };
    for (let attempt = 0; ; attempt += 1) {
      try {
        await handle(delivery);
        return 'processed';
      } catch (thrown) {
        const error = thrown instanceof Error ? thrown : new Error(String(thrown));
        if (this.#channel !== channel) return 'redelivered';
        const delay = this.#options.retryDelays[attempt];
        if (error instanceof Rejection || error instanceof EventInvalid || delay === undefined) {
          return this.#giveUp(channel, message, delivery, error);
        }
        log.warn('trying an event again', { event: event.id, attempt: attempt + 1, error });
        await pause(delay);
        delivery.again = true;
      }
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

  /** Publishes the message to the dead-letter exchange until the broker has confirmed it; only then it may be acknowledged. */
  async #deadLetter(channel: Channel, message: ConsumeMessage, reason: string): Promise<Outcome> {
    const { log, publisher, deadLetterExchange, service } = this.#options;
    const { exchange, routingKey } = message.fields;
    const { messageId, correlationId, contentType, type, headers } = message.properties;
    for (let delay = 100; this.#channel === channel; delay = Math.min(delay * 2, 5000)) {
      try {
        await publisher.publish({ exchange: deadLetterExchange, routingKey }, message.content, {
          messageId: typeof messageId === 'string' ? messageId : `dead-letter-${crypto.randomUUID()}`,
          ...(typeof correlationId === 'string' ? { correlationId } : {}),
          ...(typeof contentType === 'string' ? { contentType } : {}),
          ...(typeof type === 'string' ? { type } : {}),
          persistent: true,
          headers: {
            ...headers,
            'x-reason': reason.slice(0, 1000),
            'x-original-exchange': exchange,
            'x-original-routing-key': routingKey,
            'x-rejected-by': service,
          },
        });
        log.warn('dead-lettered a message', { exchange, routing_key: routingKey, reason });
        return 'dead_lettered';
      } catch (error) {
        log.error('could not dead-letter a message, trying again', { error });
        await pause(delay);
      }
    }
    return 'redelivered';
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
