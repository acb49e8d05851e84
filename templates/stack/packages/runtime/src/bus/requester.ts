import { randomUUID } from 'node:crypto';
import type { ChannelModel } from 'amqplib';
import { type Event, EventInvalid, type EventType } from '../events.ts';
import type { Log } from '../logging.ts';
import { AnswerInterrupted, DeadlineExceeded } from './errors.ts';

/** What the data of every answer has: its place, and which try to answer it belongs to. */
export interface AnswerPart {
  kind: 'chunk' | 'complete' | 'error';
  index: number;
  answer: string;
}

/** The parts of an answer, in order; the last one is of the kind `complete` or `error`. Leaving the loop ends the waiting. */
export interface Answer<Part extends AnswerPart> extends AsyncIterableIterator<Event<Part>> {
  next(): Promise<IteratorResult<Event<Part>>>;
  return(): Promise<IteratorResult<Event<Part>>>;
  /** Ends the waiting with this error, for who does not want the rest any more. */
  fail(error: Error): void;
}

/**
 * One request that awaits its answer: puts the parts in order, drops what comes twice,
 * and hands them out as they are asked for.
 */
class Pending<Part extends AnswerPart> implements Answer<Part> {
  readonly #type: EventType<Part>;
  readonly #correlationId: string;
  readonly #deadlineMs: number;
  readonly #onEnd: () => void;
  readonly #ready: Event<Part>[] = [];
  /** Parts that came before their turn, by index. */
  readonly #early = new Map<number, Event<Part>>();
  #answer: string | undefined;
  #next = 0;
  #complete = false;
  #failure: Error | undefined;
  #waiting: { resolve(result: IteratorResult<Event<Part>>): void; reject(error: Error): void } | undefined;
  #timer: NodeJS.Timeout;

  constructor(type: EventType<Part>, correlationId: string, deadlineMs: number, onEnd: () => void) {
    this.#type = type;
    this.#correlationId = correlationId;
    this.#deadlineMs = deadlineMs;
    this.#onEnd = onEnd;
    this.#timer = setTimeout(() => {
      this.fail(new DeadlineExceeded(`no answer within ${deadlineMs} ms`));
    }, deadlineMs);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** @throws {EventInvalid} */
  take(parsed: unknown): void {
    const event = this.#type.accept(parsed);
    const { index, answer } = event.data;
    if (this.#complete || event.correlationid !== this.#correlationId) return;
    if (answer !== this.#answer) {
      if (this.#next > 0) {
        // A late part of a try that was given up is no news; a new try cannot be joined to what was handed out.
        if (index === 0) this.fail(new AnswerInterrupted('the answer was begun anew'));
        return;
      }
      this.#answer = answer;
      this.#early.clear();
    }
    if (index < this.#next || this.#early.has(index)) return;
    this.#early.set(index, event);
    this.#timer.refresh();
    for (let part = this.#early.get(this.#next); part !== undefined; part = this.#early.get(this.#next)) {
      this.#early.delete(this.#next);
      this.#next += 1;
      this.#ready.push(part);
      if (part.data.kind !== 'chunk') {
        this.#complete = true;
        this.#end();
        break;
      }
    }
    this.#deliver();
  }

  fail(error: Error): void {
    if (this.#complete) return;
    this.#complete = true;
    this.#failure = error;
    this.#end();
    this.#deliver();
  }

  next(): Promise<IteratorResult<Event<Part>>> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#deliver();
    });
  }

  return(): Promise<IteratorResult<Event<Part>>> {
    this.#complete = true;
    this.#ready.length = 0;
    this.#end();
    return Promise.resolve({ done: true, value: undefined });
  }

  #deliver(): void {
    const waiting = this.#waiting;
    if (waiting === undefined) return;
    const part = this.#ready.shift();
    if (part !== undefined) waiting.resolve({ done: false, value: part });
    else if (this.#failure !== undefined) waiting.reject(this.#failure);
    else if (this.#complete) waiting.resolve({ done: true, value: undefined });
    else return;
    this.#waiting = undefined;
  }

  #end(): void {
    clearTimeout(this.#timer);
    this.#early.clear();
    this.#onEnd();
  }

  get deadlineMs(): number {
    return this.#deadlineMs;
  }
}

export interface AwaitOptions<Part extends AnswerPart> {
  requestId: string;
  correlationId: string;
  type: EventType<Part>;
  /** Milliseconds until the first part, and from each part to the next. */
  deadlineMs: number;
}

/**
 * Awaits answers on an exclusive queue bound to the exchange for replies. The reply address (the routing key) is one
 * for the life of the process; the queue behind it is a new one on each connection, so that an answer that comes
 * after a reconnection still arrives.
 *
 * An answer belongs to a request when it names its event id (`causationid`) and carries its correlation id.
 * The correlation id alone would not do: it comes from the client, and two requests may share one.
 */
export class Requester {
  readonly address: string;
  readonly #exchange: string;
  readonly #log: Log;
  readonly #pending = new Map<string, Pending<never>>();
  #connections = 0;

  constructor(options: { service: string; exchange: string; log: Log }) {
    this.address = `${options.service}.replies.${randomUUID()}`;
    this.#exchange = options.exchange;
    this.#log = options.log;
  }

  get pending(): number {
    return this.#pending.size;
  }

  async open(connection: ChannelModel): Promise<void> {
    const channel = await connection.createChannel();
    channel.on('error', (error) => this.#log.warn('the broker closed the reply queue', { error }));
    channel.on('close', () => void connection.close().catch(() => {}));
    // The broker may still hold the former connection's queue, so each has a name of its own.
    const name = this.#connections === 0 ? this.address : `${this.address}.${this.#connections}`;
    this.#connections += 1;
    const { queue } = await channel.assertQueue(name, { exclusive: true, autoDelete: true, durable: false });
    await channel.bindQueue(queue, this.#exchange, this.address);
    await channel.consume(
      queue,
      (message) => {
        if (message === null) void channel.close().catch(() => {});
        else this.take(message.content);
      },
      { noAck: true },
    );
  }

  await<Part extends AnswerPart>(options: AwaitOptions<Part>): Answer<Part> {
    const { requestId, correlationId, type, deadlineMs } = options;
    const pending = new Pending(type, correlationId, deadlineMs, () => this.#pending.delete(requestId));
    this.#pending.set(requestId, pending as Pending<never>);
    return pending;
  }

  /** Ends every request that still waits. */
  close(error: Error): void {
    for (const pending of [...this.#pending.values()]) pending.fail(error);
  }

  /** Deals with one message from the reply queue. */
  take(content: Buffer): void {
    let parsed: unknown;
    try {
      parsed = JSON.parse(content.toString('utf8'));
    } catch (error) {
      this.#log.warn('dropped a reply that is not JSON', { error });
      return;
    }
    const causation = (parsed as { causationid?: unknown } | null)?.causationid;
    const pending = typeof causation === 'string' ? this.#pending.get(causation) : undefined;
    if (pending === undefined) {
      this.#log.debug('dropped a reply that nobody waits for', { request: causation });
      return;
    }
    try {
      pending.take(parsed);
    } catch (error) {
      if (!(error instanceof EventInvalid)) throw error;
      this.#log.error('a reply does not match its schema', { request: causation, error });
      pending.fail(error);
    }
  }
}
