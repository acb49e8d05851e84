import { type ChannelModel, connect, type RecoveringChannelModel } from 'amqplib';
import { reasonOf } from '../errors.ts';
import type { Event, EventType } from '../events.ts';
import type { Log } from '../logging.ts';
import { PATIENCE } from '../patience.ts';
import { CORRELATION_ID, fail, NO_TRACING, SpanKind, type Tracing, traceparentOf } from '../tracing/index.ts';
import { keepProperties } from './amqp/raw-frames.ts';
import { Consumer, type Consumption, type Delivery, type Outcome } from './consumer.ts';
import { BusUnavailable } from './errors.ts';
import { writeTogether } from './one-write.ts';
import { type Destination, Publisher } from './publisher.ts';
import { type Answer, type AnswerPart, Requester } from './requester.ts';

export type { Consumption, Delivery, Outcome } from './consumer.ts';
export { AnswerInterrupted, BusUnavailable, DeadlineExceeded, Rejection, Unroutable } from './errors.ts';
export { createInbox, type Inbox, type SqlPool, type Transaction } from './inbox.ts';
export type { Destination } from './publisher.ts';
export type { Answer, AnswerPart } from './requester.ts';

export interface BusOptions {
  /** `amqp://user:password@host:port/vhost` */
  url: string;
  service: string;
  log: Log;
  /** Spans of what is sent and processed; none when left out. */
  tracing?: Tracing;
  /** Where answers are published, with the requester's address as the routing key. */
  repliesExchange?: string;
  deadLetterExchange?: string;
  /** Where events wait for their next try, by the name of the waiting queue: `q_llm_requests.retry.1000`. */
  retryExchange?: string;
  /** How many messages may await their confirm before further ones wait to be sent. */
  maxUnconfirmed?: number;
  /**
   * Milliseconds before each further try of an event whose handler failed. Where the topology has a waiting queue for a
   * delay (`retry` in the topology file), the event waits there and holds nobody up; otherwise the consumer waits.
   */
  retryDelays?: readonly number[];
  /** The longest pause between two tries to connect, in milliseconds. */
  maxReconnectDelayMs?: number;
  onPublished?(exchange: string, outcome: 'confirmed' | 'failed'): void;
  onOutcome?(source: string, outcome: Outcome, seconds: number): void;
}

export interface RequestOptions<Question, Part extends AnswerPart> {
  type: EventType<Question>;
  event: Event<Question>;
  to: Destination;
  answerType: EventType<Part>;
  /** Milliseconds until the first part of the answer, and from each part to the next. */
  deadlineMs: number;
}

/**
 * The stack's way to RabbitMQ. It connects in the background and again whenever the connection is lost; what is
 * published meanwhile fails at once with `BusUnavailable`.
 */
export interface Bus {
  /** Resolves when the broker has confirmed. @throws {EventInvalid} {BusUnavailable} {Unroutable} */
  publish<Data>(type: EventType<Data>, event: Event<Data>, to: Destination): Promise<void>;
  /**
   * Publishes the event and gives the parts of its answer in order. Leaving the loop ends the waiting.
   *
   * @throws {EventInvalid} before anything is sent; while iterating {BusUnavailable} {Unroutable} {DeadlineExceeded}
   * {AnswerInterrupted} {EventInvalid} or what the answer was told to fail with.
   */
  request<Question, Part extends AnswerPart>(options: RequestOptions<Question, Part>): Answer<Part>;
  /** Publishes one part of the answer to a delivery. @throws as `publish`; {Unroutable} when the requester is gone */
  answer<Part extends AnswerPart>(
    delivery: Delivery<unknown>,
    type: EventType<Part>,
    part: Part,
  ): Promise<void>;
  /** Consumes from now on, on this connection and all later ones. */
  consume<Data>(consumption: Consumption<Data>): void;
  /** One round trip to the broker. Rejects with the reason why it is not possible. */
  check(): Promise<void>;
  /** How many requests await their answer. */
  readonly pending: number;
  /** Takes no more events and resolves when those taken are dealt with. */
  drain(): Promise<void>;
  close(): Promise<void>;
}

/** Starts to connect and returns at once. */
export async function createBus(options: BusOptions): Promise<Bus> {
  const { service, log, tracing = NO_TRACING } = options;
  const repliesExchange = options.repliesExchange ?? 'responses_exchange';
  const publisher = new Publisher(options.maxUnconfirmed);
  const requester = new Requester({ service, exchange: repliesExchange, log });
  const consumers: Consumer<never>[] = [];
  let model: ChannelModel | undefined;
  let reason = 'not connected yet';

  const connection: RecoveringChannelModel = await connect(withHeartbeat(options.url), {
    noDelay: true,
    timeout: PATIENCE.connect,
    clientProperties: { connection_name: service },
    recovery: {
      waitForConnect: false,
      initialDelay: 100,
      maxDelay: options.maxReconnectDelayMs ?? 3000,
      setup: async (opened: ChannelModel) => {
        // Until the setup is done nobody else listens, and an error that nobody listens to ends the process.
        opened.on('error', () => {});
        keepProperties(opened);
        writeTogether(opened);
        await within(PATIENCE.setup, async () => {
          await publisher.open(opened);
          await requester.open(opened);
          for (const consumer of consumers) await consumer.open(opened);
        });
        model = opened;
      },
    },
  });
  const lost = (error: Error) => {
    model = undefined;
    reason = reasonOf(error);
    publisher.detach();
  };
  connection.on('connect', () => log.info('connected to the broker'));
  connection.on('disconnect', (error) => {
    log.warn('lost the broker', { error: reasonOf(error) });
    lost(error);
  });
  connection.on('connect-failed', (error) => {
    // Once for each reason: the broker may be away for long.
    if (reason !== reasonOf(error)) log.warn('cannot reach the broker yet', { error: reasonOf(error) });
    lost(error);
  });
  connection.on('blocked', (why) => log.warn('the broker takes no messages for now', { reason: why }));
  connection.on('unblocked', () => log.info('the broker takes messages again'));
  connection.on('error', (error) => log.warn('the broker closed the connection', { error: reasonOf(error) }));

  const send = (
    to: Destination,
    content: Buffer,
    { id, correlationid, type, traceparent }: Event<unknown>,
    { replyTo, persistent }: { replyTo?: string; persistent: boolean },
  ): Promise<void> => {
    const properties: Parameters<Publisher['publish']>[2] = {
      messageId: id,
      correlationId: correlationid,
      type,
      appId: service,
      contentType: 'application/cloudevents+json',
      persistent,
      mandatory: true,
    };
    if (replyTo !== undefined) properties.replyTo = replyTo;
    // For whoever follows messages without looking into them.
    if (traceparent !== undefined) properties.headers = { traceparent };
    const sent = publisher.publish(to, content, properties);
    const { onPublished } = options;
    if (onPublished !== undefined) {
      sent.then(
        () => onPublished(to.exchange, 'confirmed'),
        () => onPublished(to.exchange, 'failed'),
      );
    }
    return sent;
  };

  /**
   * In a span of its own below the one that the event names, whose context it carries on. What is not valid is thrown
   * before anything is sent.
   */
  const sendTraced = <Data>(
    type: EventType<Data>,
    event: Event<Data>,
    to: Destination,
    replyTo?: string,
  ): Promise<void> => {
    const attributes = {
      'messaging.system': 'rabbitmq',
      'messaging.operation.type': 'send',
      'messaging.destination.name': to.exchange,
      'messaging.rabbitmq.destination.routing_key': to.routingKey,
      'messaging.message.id': event.id,
      [CORRELATION_ID]: event.correlationid,
    };
    const span = tracing.start(`send ${to.routingKey}`, {
      kind: SpanKind.PRODUCER,
      attributes,
      parent: event.traceparent,
    });
    try {
      const traced = { ...event, traceparent: traceparentOf(span) ?? event.traceparent };
      const sent = send(to, type.encode(traced), traced, {
        persistent: true,
        ...(replyTo === undefined ? {} : { replyTo }),
      });
      sent.then(
        () => span.end(),
        (error: unknown) => {
          fail(span, error);
          span.end();
        },
      );
      return sent;
    } catch (error) {
      fail(span, error);
      span.end();
      throw error;
    }
  };

  return {
    async publish(type, event, to) {
      await sendTraced(type, event, to);
    },

    request({ type, event, to, answerType, deadlineMs }) {
      const sent = sendTraced(type, event, to, requester.address);
      // The answer cannot be here before this turn of the event loop is over.
      const answer = requester.await({
        requestId: event.id,
        correlationId: event.correlationid,
        type: answerType,
        deadlineMs,
      });
      sent.catch((error) => answer.fail(error));
      return answer;
    },

    async answer({ event, replyTo, span }, type, part) {
      if (replyTo === undefined) return;
      const reply = type.create(part, {
        source: service,
        correlationid: event.correlationid,
        causationid: event.id,
        traceparent: traceparentOf(span) ?? event.traceparent,
      });
      // A reply queue dies with its connection, so there is nothing to gain from writing replies to disk.
      await send({ exchange: repliesExchange, routingKey: replyTo }, type.encode(reply), reply, {
        persistent: false,
      });
    },

    consume(consumption) {
      const consumer = new Consumer(consumption, {
        service,
        log,
        tracing,
        publisher,
        deadLetterExchange: options.deadLetterExchange ?? 'qbtc.dead-letter',
        retryExchange: options.retryExchange ?? 'qbtc.retry',
        retryDelays: options.retryDelays ?? [100, 500, 2000],
        onOutcome: options.onOutcome ?? (() => {}),
      });
      consumers.push(consumer as Consumer<never>);
      if (model !== undefined) {
        const opened = model;
        consumer.open(opened).catch((error: unknown) => {
          log.warn('could not consume', { error });
          // Everything is set up anew with the next connection.
          return opened.close().catch(() => {});
        });
      }
    },

    async check() {
      if (model === undefined) throw new BusUnavailable(reason);
      const channel = await model.createChannel();
      channel.on('error', () => {});
      await channel.checkExchange(repliesExchange);
      await channel.close();
    },

    get pending() {
      return requester.pending;
    },

    async drain() {
      await Promise.all(consumers.map((consumer) => consumer.drain()));
    },

    async close() {
      requester.close(new BusUnavailable('the service is ending'));
      for (const consumer of consumers) consumer.flush();
      await connection.close();
    },
  };
}

/** A broker may take a connection and then not answer: a quorum queue without a leader blocks whoever consumes it. */
async function within(ms: number, work: () => Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new BusUnavailable(`the broker did not set up the queues within ${ms} ms`)),
      ms,
    );
  });
  try {
    await Promise.race([work(), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** A broker that went away without a word is noticed after two heartbeats. */
function withHeartbeat(address: string): string {
  const url = new URL(address);
  if (!url.searchParams.has('heartbeat')) url.searchParams.set('heartbeat', '10');
  return url.href;
}
