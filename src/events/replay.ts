import { randomUUID } from 'node:crypto';
import type { MessageProperties } from '../amqp/message-properties.ts';
import { brokerAccess } from '../broker/access.ts';
import { onBroker } from '../broker/connection.ts';
import { type MessageSettings, messageFacts } from '../broker/message.ts';
import type { AmqpConnection, Context, RawMessage } from '../context.ts';
import { messageOf, QbtcError } from '../errors.ts';
import type { DeadLetter } from '../model/event.ts';
import type { Stack } from '../model/stack.ts';
import type { Binding } from '../model/topology.ts';

export interface ReplayOptions {
  /** The queue of the dead letters. */
  from: string;
  /** Which ones: each that is given must match. */
  type?: string;
  routingKey?: string;
  correlationId?: string;
  id?: string;
  /** A part of the reason. */
  reason?: string;
  /** Only those that were never replayed. */
  fresh?: boolean;
  /** How many are looked at. */
  limit: number;
  /** At most so many a second. */
  rate: number;
  dryRun: boolean;
  onReplayed?(letter: DeadLetter): void;
}

/** What the runtime and the broker write into dead letters, and what a second life begins without. */
const REASON = 'x-reason';
const ORIGINAL = {
  exchange: 'x-original-exchange',
  key: 'x-original-routing-key',
  queue: 'x-original-queue',
};
const REPLAYS = 'x-replays';
/** Headers that ask for copies in other queues. */
const COPIES = ['CC', 'BCC'];
const FORGOTTEN = [
  REASON,
  'x-rejected-by',
  'x-attempt',
  ...Object.values(ORIGINAL),
  'x-death',
  'x-first-death-exchange',
  'x-first-death-queue',
  'x-first-death-reason',
  'x-last-death-exchange',
  'x-last-death-queue',
  'x-last-death-reason',
  'x-delivery-count',
];

/**
 * Puts dead letters back where they came from. Each leaves its queue only after the broker has confirmed it elsewhere;
 * those that do not match stay. Resolves with every letter that was looked at.
 *
 * @throws QbtcError `QUEUE_MISSING` and those of `brokerAccess` and `onBroker`
 */
export async function replayDeadLetters(
  context: Pick<Context, 'amqp' | 'clock' | 'interrupted'>,
  stack: Stack,
  options: ReplayOptions,
): Promise<DeadLetter[]> {
  const { from, limit, rate, dryRun } = options;
  return onBroker(context, brokerAccess(stack), 'qbtc events replay', async (connection) => {
    const queue = await connection.inspectQueue(from);
    if (queue === undefined) {
      throw new QbtcError('QUEUE_MISSING', `the broker has no queue ${from}`, {
        hint: 'name the queue of the dead letters with --from',
      });
    }
    const held = await connection.hold(from, limit);
    const letters: DeadLetter[] = [];
    try {
      for (const [index, message] of held.messages.entries()) {
        const letter = letterOf(message, index, stack);
        letters.push(letter);
        letter.status = 'kept';
        const difference = mismatch(letter, options);
        if (difference !== undefined) letter.note = difference;
        else if (context.interrupted.aborted) letter.note = 'interrupted';
        else if (dryRun) letter.status = 'would be replayed';
        else {
          await replayOne(connection, message, letter, () => held.acknowledge([index]));
          options.onReplayed?.(letter);
          await context.clock.sleep(1000 / rate, context.interrupted).catch(() => {});
        }
      }
    } finally {
      await held.release();
    }
    return letters;
  });
}

async function replayOne(
  connection: AmqpConnection,
  message: RawMessage,
  letter: DeadLetter,
  done: () => Promise<void>,
): Promise<void> {
  const { queue, exchange, routingKey } = letter.origin;
  const again: RawMessage = {
    ...message,
    routingKey,
    properties: withoutDeath(message.properties, letter.replays + 1),
  };
  try {
    if (queue === undefined) await connection.publishAll(exchange, [again]);
    else await putInto(connection, queue, again);
    await done();
    letter.status = 'replayed';
  } catch (error) {
    letter.status = 'failed';
    letter.note = messageOf(error);
  }
}

/**
 * Puts a message into this one queue: others that had it from the exchange have had it already. The default exchange
 * would also take it to the queues that its headers ask for (https://www.rabbitmq.com/docs/sender-selected).
 */
async function putInto(connection: AmqpConnection, queue: string, message: RawMessage): Promise<void> {
  if (!COPIES.some((name) => Object.hasOwn(message.properties.headers ?? {}, name))) {
    await connection.publishAll('', [{ ...message, routingKey: queue }]);
    return;
  }
  const name = `qbtc.replay.${randomUUID()}`;
  const binding: Binding = {
    source: name,
    destination: queue,
    destination_type: 'queue',
    routing_key: '',
    arguments: {},
  };
  const short = { durable: false, auto_delete: true, internal: false, arguments: {} };
  await connection.declareExchange({ name, type: 'fanout', ...short });
  await connection.bind(binding);
  try {
    await connection.publishAll(name, [message]);
  } finally {
    // The exchange goes with its last binding.
    await connection.unbind(binding);
  }
}

function letterOf(message: RawMessage, index: number, settings: MessageSettings): DeadLetter {
  const { exchange, routingKey, properties } = message;
  const headers = properties.headers ?? {};
  const header = (name: string) =>
    typeof headers[name] === 'string' ? (headers[name] as string) : undefined;
  const [death] = Array.isArray(headers['x-death']) ? (headers['x-death'] as Record<string, unknown>[]) : [];
  const keys = death?.['routing-keys'];
  const queue = header(ORIGINAL.queue) ?? (typeof death?.queue === 'string' ? death.queue : undefined);
  const { type, id, correlationId } = messageFacts(message, settings);
  return {
    index,
    ...(type === undefined ? {} : { type }),
    ...(id === undefined ? {} : { id }),
    ...(correlationId === undefined ? {} : { correlationId }),
    reason:
      header(REASON) ?? (typeof death?.reason === 'string' ? `the broker: ${death.reason}` : 'not said'),
    origin: {
      ...(queue === undefined ? {} : { queue }),
      exchange: header(ORIGINAL.exchange) ?? asText(death?.exchange) ?? exchange,
      routingKey: header(ORIGINAL.key) ?? (Array.isArray(keys) ? asText(keys[0]) : undefined) ?? routingKey,
    },
    replays: typeof headers[REPLAYS] === 'number' ? headers[REPLAYS] : 0,
    status: 'kept',
  };
}

/** Why a letter is not one of those that are asked for. */
function mismatch(
  letter: DeadLetter,
  { type, routingKey, correlationId, id, reason, fresh }: ReplayOptions,
): string | undefined {
  if (fresh === true && letter.replays > 0) return 'it was replayed before';
  if (type !== undefined && letter.type !== type) return `its type is ${letter.type ?? 'not known'}`;
  if (id !== undefined && letter.id !== id) return 'another id';
  if (correlationId !== undefined && letter.correlationId !== correlationId) return 'another correlation id';
  if (routingKey !== undefined && letter.origin.routingKey !== routingKey)
    return `its routing key is ${letter.origin.routingKey}`;
  if (reason !== undefined && !letter.reason.includes(reason)) return 'another reason';
  return undefined;
}

function withoutDeath(properties: MessageProperties, replays: number): MessageProperties {
  return (
    properties
      // The old time is over: with it the message would expire at once. Nobody may vouch for another user.
      .with({ expiration: undefined, userId: undefined })
      .withHeaders({ [REPLAYS]: replays }, (name) => FORGOTTEN.includes(name))
  );
}

function asText(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
