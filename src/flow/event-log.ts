import type { BrokerMessage } from '../context.ts';
import { hasFields } from '../json.ts';
import { type JsonValue, parsedJson } from './json-path.ts';

/** An event as a tap saw it: the CloudEvents 1.0 envelope in JSON, with what the broker knew of it. */
export interface TappedEvent {
  exchange: string;
  routingKey: string;
  /** The envelope's `type`; `undefined` for a message that is no event. */
  type: string | undefined;
  /** The envelope's extension attribute `correlationid`, or else the AMQP property. */
  correlationId: string | undefined;
  /** The whole envelope; `undefined` when the content is not JSON, which is UTF-8. */
  document: JsonValue | undefined;
  /** `clock.monotonic()` when it was seen. */
  seenAt: number;
}

/** The envelope of a message, as far as it has one. */
export function readEvent(message: BrokerMessage): TappedEvent {
  const document = parsedJson(message.content);
  const envelope = hasFields(document) ? document : {};
  const { type, correlationid } = envelope as Record<string, JsonValue | undefined>;
  return {
    exchange: message.exchange,
    routingKey: message.routingKey,
    type: typeof type === 'string' ? type : undefined,
    correlationId: typeof correlationid === 'string' ? correlationid : message.correlationId,
    document,
    seenAt: message.receivedAt,
  };
}

/** What the taps of one flow have seen so far. Keeps only the events of the flow's own correlation id. */
export class EventLog {
  readonly #correlationId: string;
  readonly #events: TappedEvent[] = [];
  readonly #waiting = new Set<() => void>();
  /** Why the broker could not be watched; events are then missing for that reason. */
  blindness: { resource: string; reason: string } | undefined;

  constructor(correlationId: string) {
    this.#correlationId = correlationId;
  }

  record(event: TappedEvent): void {
    if (event.correlationId !== this.#correlationId) return;
    this.#events.push(event);
    for (const wake of [...this.#waiting]) wake();
  }

  get events(): readonly TappedEvent[] {
    return this.#events;
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
