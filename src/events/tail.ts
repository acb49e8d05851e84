import { isUtf8 } from 'node:buffer';
import { brokerAccess } from '../broker/access.ts';
import { onBroker, requireExchange } from '../broker/connection.ts';
import { TOPIC_EXCHANGE } from '../broker/exchanges.ts';
import type { BrokerMessage, Context } from '../context.ts';
import { hasFields, type JsonValue, parseJsonBytes, plainJson } from '../json.ts';
import type { SeenEvent } from '../model/event.ts';
import type { Stack } from '../model/stack.ts';
import type { Contracts } from './validate.ts';

const TAIL_HINT =
  'name another exchange with --exchange, or declare it in the topology file and run `qbtc topology apply`';

export interface TailOptions {
  /** Binding keys: `llm.#`. */
  keys: readonly string[];
  exchange?: string;
  /** Only events of this name, and of this correlation id. */
  type?: string;
  correlationId?: string;
  /** Ends after so many; never when left out. */
  count?: number;
  /** Left out: nothing is checked. */
  contracts?: Contracts | undefined;
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
  const access = brokerAccess(stack);
  await onBroker(context, access, 'qbtc events tail', async (connection) => {
    await requireExchange(connection, access, exchange, TAIL_HINT);
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
export function seen(message: BrokerMessage, contracts: Contracts | undefined, now: number): SeenEvent {
  const { exchange, routingKey } = message;
  const about = { exchange, routingKey, seenAt: new Date(now).toISOString() };
  let event: JsonValue;
  try {
    event = parseJsonBytes(message.content);
  } catch {
    return {
      ...about,
      ...(message.correlationId === undefined ? {} : { correlationId: message.correlationId }),
      problem: 'is not JSON',
      ...contentOf(message.content),
    };
  }
  const envelope = hasFields(event) ? event : {};
  const text = (name: string) =>
    typeof envelope[name] === 'string' ? (envelope[name] as string) : undefined;
  const [problem] = contracts?.check(plainJson(event)) ?? [];
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

/** As text where it is one: bytes that are no UTF-8 would be other bytes. */
function contentOf(content: Buffer): Pick<SeenEvent, 'text' | 'base64'> {
  return isUtf8(content) ? { text: content.toString('utf8') } : { base64: content.toString('base64') };
}
