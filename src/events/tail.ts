import { isUtf8 } from 'node:buffer';
import { brokerAccess } from '../broker/access.ts';
import { onBroker, requireExchange } from '../broker/connection.ts';
import { type MessageSettings, messageFacts } from '../broker/message.ts';
import type { BrokerMessage, Context } from '../context.ts';
import { QbtcError } from '../errors.ts';
import { type JsonValue, plainJson } from '../json.ts';
import type { SeenEvent } from '../model/event.ts';
import type { Stack } from '../model/stack.ts';
import type { Contracts, EventProblem } from './validate.ts';

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
 * @throws QbtcError those of `brokerAccess` and `onBroker`; `EXCHANGE_MISSING`, `EXCHANGE_HIDDEN`
 */
export async function tailEvents(
  context: Pick<Context, 'amqp' | 'clock'>,
  stack: Stack,
  { keys, exchange = stack.events.exchange, onReady, end, ...filter }: TailOptions,
): Promise<void> {
  const access = brokerAccess(stack);
  if (exchange === '') {
    throw new QbtcError(
      'EXCHANGE_HIDDEN',
      'nobody can listen at the default exchange: no queue can be bound to it',
      {
        hint: 'name another exchange with --exchange, or look into a queue with `qbtc test` and a `consume` step',
      },
    );
  }
  await onBroker(context, access, 'qbtc events tail', async (connection) => {
    await requireExchange(connection, access, exchange, TAIL_HINT);
    let left = filter.count ?? Number.POSITIVE_INFINITY;
    const enough = new AbortController();
    const over = AbortSignal.any([end, enough.signal]);
    await connection.tap(
      keys.map((routingKey) => ({ exchange, routingKey })),
      (message) => {
        if (left <= 0) return;
        const event = seen(message, stack, filter.contracts, context.clock.now());
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
export function seen(
  message: BrokerMessage,
  settings: MessageSettings,
  contracts: Contracts | undefined,
  now: number,
): SeenEvent {
  const { exchange, routingKey } = message;
  const { document, source, id, correlationId, ...facts } = messageFacts(message, settings);
  const isWrapped = settings.events.envelope === 'cloudevents';
  const type = isWrapped ? facts.type : nameOf(facts.type, routingKey, contracts);
  const problem = isWrapped ? wrappedProblem(document, contracts) : bareProblem(document, type, contracts);
  return {
    exchange,
    routingKey,
    seenAt: new Date(now).toISOString(),
    ...(type === undefined ? {} : { type }),
    ...(source === undefined ? {} : { source }),
    ...(id === undefined ? {} : { id }),
    ...(correlationId === undefined ? {} : { correlationId }),
    ...(problem === undefined ? {} : { problem }),
    ...(document === undefined ? contentOf(message.content) : { event: document }),
  };
}

/** The name of an event without an envelope: that which it says itself, or that of the contract with its routing key. */
function nameOf(said: string | undefined, routingKey: string, contracts: Contracts | undefined) {
  if (said !== undefined && contracts?.names.includes(said)) return said;
  return contracts?.eventOf(routingKey) ?? said;
}

function wrappedProblem(document: JsonValue | undefined, contracts: Contracts | undefined) {
  if (document === undefined) return 'is not JSON';
  return textOf(contracts?.check(plainJson(document)));
}

/** What no contract describes may be anything. */
function bareProblem(
  document: JsonValue | undefined,
  type: string | undefined,
  contracts: Contracts | undefined,
) {
  if (type === undefined || !contracts?.names.includes(type)) return undefined;
  return document === undefined ? 'is not JSON' : textOf(contracts.checkData(type, plainJson(document)));
}

function textOf([problem]: readonly EventProblem[] = []): string | undefined {
  return problem === undefined ? undefined : `${problem.path} ${problem.message}`.trim();
}

/** As text where it is one: bytes that are no UTF-8 would be other bytes. */
function contentOf(content: Buffer): Pick<SeenEvent, 'text' | 'base64'> {
  return isUtf8(content) ? { text: content.toString('utf8') } : { base64: content.toString('base64') };
}
