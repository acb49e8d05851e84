import { brokerAccess } from '../broker/access.ts';
import { onBroker } from '../broker/connection.ts';
import { TOPIC_EXCHANGE } from '../broker/exchanges.ts';
import type { BrokerMessage, Context } from '../context.ts';
import type { SeenEvent } from '../model/event.ts';
import type { Stack } from '../model/stack.ts';
import type { Contracts } from './validate.ts';

export interface TailOptions {
  /** Binding keys: `llm.#`. */
  keys: readonly string[];
  exchange?: string;
  /** Only events of this name, and of this correlation id. */
  type?: string;
  correlationId?: string;
  /** Ends after so many; never when left out. */
  count?: number;
  contracts: Contracts;
  onEvent(event: SeenEvent): void;
  /** Called once the events are seen: what is published from now on is not missed. */
  onReady?(): void;
  end: AbortSignal;
}

/**
 * Follows the events that pass an exchange, through a queue of its own: nobody who consumes them misses one. Resolves at
 * the end.
 *
 * @throws QbtcError those of `brokerAccess` and `onBroker`; `EXCHANGE_MISSING`
 */
export async function tailEvents(
  context: Pick<Context, 'amqp' | 'clock'>,
  stack: Stack,
  { keys, exchange = TOPIC_EXCHANGE, onReady, end, ...filter }: TailOptions,
): Promise<void> {
  await onBroker(context, brokerAccess(stack), 'qbtc events tail', async (connection) => {
    let left = filter.count ?? Number.POSITIVE_INFINITY;
    const enough = new AbortController();
    const over = AbortSignal.any([end, enough.signal]);
    await connection.tap(
      keys.map((routingKey) => ({ exchange, routingKey })),
      (message) => {
        if (left <= 0) return;
        const event = seen(message, filter.contracts, context.clock.now());
        if (filter.type !== undefined && event.type !== filter.type) return;
        if (filter.correlationId !== undefined && event.correlationId !== filter.correlationId) return;
        left -= 1;
        filter.onEvent(event);
        if (left === 0) enough.abort();
      },
    );
    onReady?.();
    if (over.aborted) return;
    await new Promise<void>((resolve) => over.addEventListener('abort', () => resolve(), { once: true }));
  });
}

/** What a message says, as far as it is an event, and whether it keeps to its contract. */
export function seen(message: BrokerMessage, contracts: Contracts, now: number): SeenEvent {
  const { exchange, routingKey } = message;
  const about = { exchange, routingKey, seenAt: new Date(now).toISOString() };
  let event: unknown;
  try {
    event = JSON.parse(message.content.toString('utf8'));
  } catch {
    return {
      ...about,
      ...(message.correlationId === undefined ? {} : { correlationId: message.correlationId }),
      problem: 'is not JSON',
      text: message.content.toString('utf8'),
    };
  }
  const envelope = (typeof event === 'object' && event !== null ? event : {}) as Record<string, unknown>;
  const text = (name: string) =>
    typeof envelope[name] === 'string' ? (envelope[name] as string) : undefined;
  const [problem] = contracts.check(event);
  const correlationId = text('correlationid') ?? message.correlationId;
  const [type, source, id] = [text('type'), text('source'), text('id')];
  return {
    ...about,
    ...(type === undefined ? {} : { type }),
    ...(source === undefined ? {} : { source }),
    ...(id === undefined ? {} : { id }),
    ...(correlationId === undefined ? {} : { correlationId }),
    ...(problem === undefined ? {} : { problem: `${problem.path} ${problem.message}`.trim() }),
    event,
  };
}
