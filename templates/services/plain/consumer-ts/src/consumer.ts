import { type ChannelModel, type ConsumeMessage, connect } from 'amqplib';
import { correlationIdOf, log, reasonOf, type Service } from './service.ts';
import { Rejection } from './work.ts';

const PREFETCH = 16;
/** After an error, and before the next try to connect. */
const AGAIN_MS = 1000;

/** What is done with the data of an event. */
export type Work = (data: unknown, correlationId: string) => Promise<void>;

/** Takes events from a queue of RabbitMQ, again and again over new connections. */
export class Consumer {
  readonly #queue: string;
  readonly #work: Work;
  readonly #service: Service;
  readonly #inWork = new Set<Promise<void>>();
  #connection: ChannelModel | undefined;
  #cancel: (() => Promise<unknown>) | undefined;
  #reason: string | undefined = 'not connected yet';
  #ending = false;

  constructor(queue: string, work: Work, service: Service) {
    this.#queue = queue;
    this.#work = work;
    this.#service = service;
    service.health.add('broker', () => this.check(), 'unhealthy');
    service.onEnd('consumer', () => this.end());
  }

  check(): void {
    if (this.#reason !== undefined) throw new Error(this.#reason);
  }

  /** Takes nothing new, and resolves when what was taken has been dealt with. */
  async end(): Promise<void> {
    this.#ending = true;
    await this.#cancel?.();
    await Promise.all(this.#inWork);
    await this.#connection?.close();
  }

  async start(): Promise<void> {
    while (!this.#ending) {
      try {
        await this.#consume();
      } catch (error) {
        this.#reason = reasonOf(error);
        if (this.#ending) return;
        log('warn', 'the broker is away', { reason: this.#reason });
        await pause(AGAIN_MS);
      }
    }
  }

  /** Resolves when the service ends; rejects when the connection is gone. */
  async #consume(): Promise<void> {
    const connection = await connect(process.env.AMQP_URL ?? '');
    const gone = new Promise<void>((_, reject) => {
      connection.on('error', reject);
      connection.on('close', () => reject(new Error('the connection was closed')));
    });
    // It may be gone before anybody waits for that.
    gone.catch(() => {});
    try {
      const channel = await connection.createChannel();
      channel.on('error', (error: Error) =>
        log('warn', 'the broker closed the channel', { reason: reasonOf(error) }),
      );
      channel.on('close', () => void connection.close().catch(() => {}));
      await channel.prefetch(PREFETCH);
      const settle = (message: ConsumeMessage, outcome: Outcome) => {
        if (outcome === 'processed') channel.ack(message);
        // The queue dead-letters what is not put back, and what has come back too often (x-delivery-limit).
        else channel.nack(message, false, outcome === 'retried');
      };
      const { consumerTag } = await channel.consume(this.#queue, (message) => {
        // The queue is gone.
        if (message === null) return void connection.close().catch(() => {});
        const taken = this.#take(message).then((outcome) => settle(message, outcome));
        const done = taken.catch((error: unknown) =>
          log('warn', 'could not settle', { reason: reasonOf(error) }),
        );
        this.#inWork.add(done);
        void done.finally(() => this.#inWork.delete(done));
      });
      this.#connection = connection;
      this.#cancel = () => channel.cancel(consumerTag).catch(() => {});
      this.#reason = undefined;
      if (this.#ending) await this.end();
      await gone;
    } finally {
      this.#connection = undefined;
      this.#cancel = undefined;
      await connection.close().catch(() => {});
    }
  }

  async #take({ content, properties }: ConsumeMessage): Promise<Outcome> {
    const began = performance.now();
    let correlationId = correlationIdOf(properties.correlationId);
    let outcome: Outcome = 'processed';
    try {
      const event = eventIn(content);
      if (event.correlationid !== undefined) correlationId = correlationIdOf(event.correlationid);
      await this.#work(event.data, correlationId);
    } catch (error) {
      outcome = error instanceof Rejection ? 'dead_lettered' : 'retried';
      if (outcome === 'retried') {
        log('error', 'trying a message again', { error: reasonOf(error) }, correlationId);
        await pause(AGAIN_MS);
      } else log('warn', 'dead-lettered a message', { reason: reasonOf(error) }, correlationId);
    }
    const seconds = (performance.now() - began) / 1000;
    const labels = { source: this.#queue, outcome };
    this.#service.metrics.observe(
      'bus_message_duration_seconds',
      'Time to process a message',
      seconds,
      labels,
    );
    return outcome;
  }
}

type Outcome = 'processed' | 'dead_lettered' | 'retried';

/** What a message holds: a CloudEvents envelope, or the data alone where the events of the stack have none. */
export function eventIn(
  content: Buffer,
  envelope = process.env.EVENTS_ENVELOPE,
): { data: unknown; correlationid?: unknown } {
  let event: unknown;
  try {
    event = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(content));
  } catch {
    throw new Rejection('the message is not JSON');
  }
  if (envelope === 'none') return { data: event };
  const { type, data, correlationid } = (event ?? {}) as Record<string, unknown>;
  if (type !== 'your_service_task' || data === undefined)
    throw new Rejection('the message is no event your_service_task');
  return { data, correlationid };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
