import { type MessageSettings, messageFacts } from '../broker/message.ts';
import type { BrokerMessage } from '../context.ts';
import type { JsonValue } from './json-path.ts';
import { contentOf } from './message.ts';

/** A message as a tap saw it. */
export interface TappedEvent {
  /** The name of the event, as far as it says one. */
  type: string | undefined;
  /** That of the request which it belongs to, as far as it says one. */
  correlationId: string | undefined;
  /** The JSON that its body is, such as the whole envelope, or else its text. */
  document: JsonValue;
  message: BrokerMessage;
}

/** What a message says of itself, as the stack writes them. */
export function readEvent(message: BrokerMessage, settings: MessageSettings): TappedEvent {
  const { document = contentOf(message.content), type, correlationId } = messageFacts(message, settings);
  return { type, correlationId, document, message };
}

/** So many messages of others are kept, and so many bytes of them: the oldest go first. */
const MOST_OTHERS = 10_000;
const MOST_BYTES = 64 * 1024 * 1024;

/** Messages in the order in which they were seen, which are read from a place on. */
class Kept {
  readonly #most: { messages: number; bytes: number };
  #events: TappedEvent[] = [];
  #bytes = 0;
  #dropped = 0;

  constructor(most: { messages: number; bytes: number }) {
    this.#most = most;
  }

  push(event: TappedEvent): void {
    this.#events.push(event);
    this.#bytes += event.message.content.length;
    if (this.#events.length <= this.#most.messages && this.#bytes <= this.#most.bytes) return;
    // Half of them at once: to take one away moves all the others.
    const gone = this.#events.splice(0, Math.ceil(this.#events.length / 2));
    this.#dropped += gone.length;
    for (const { message } of gone) this.#bytes -= message.content.length;
  }

  /** Those that came after a place, and the place after them. */
  since(place: number): { events: TappedEvent[]; end: number } {
    const events = this.#events.slice(Math.max(0, place - this.#dropped));
    return { events, end: this.#dropped + this.#events.length };
  }
}

/** What the taps of one flow have seen so far: the messages of its own correlation id, and with `others` all. */
export class EventLog {
  readonly #correlationId: string;
  readonly #keepsOthers: boolean;
  readonly #waiting = new Set<() => void>();
  readonly own = new Kept({ messages: Number.POSITIVE_INFINITY, bytes: Number.POSITIVE_INFINITY });
  readonly others = new Kept({ messages: MOST_OTHERS, bytes: MOST_BYTES });
  /** How many have passed that say of no request that they belong to it. */
  anonymous = 0;
  /** Why the broker could not be watched; events are then missing for that reason. */
  blindness: { resource: string; reason: string } | undefined;

  constructor(correlationId: string, { others = false }: { others?: boolean } = {}) {
    this.#correlationId = correlationId;
    this.#keepsOthers = others;
  }

  record(event: TappedEvent): void {
    const isOwn = event.correlationId === this.#correlationId;
    if (event.correlationId === undefined) this.anonymous += 1;
    if (isOwn) this.own.push(event);
    else if (this.#keepsOthers) this.others.push(event);
    else return;
    for (const wake of [...this.#waiting]) wake();
  }

  /** Resolves with the next event that is recorded. Rejects with the signal's reason when aborted. */
  next(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const stop = () => {
        this.#waiting.delete(wake);
        signal.removeEventListener('abort', abort);
      };
      const wake = () => {
        stop();
        resolve();
      };
      const abort = () => {
        stop();
        reject(signal.reason);
      };
      this.#waiting.add(wake);
      signal.addEventListener('abort', abort);
    });
  }
}
