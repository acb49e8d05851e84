import type { Properties } from '../codec/properties.ts';
import { type Field, long, longstr, sorted, type Table } from '../codec/table.ts';
import { Message, routesIn } from '../message.ts';

/** Why a message left a queue for its dead-letter exchange, as it stands in `x-death`. */
export type DeathReason = 'expired' | 'rejected' | 'maxlen' | 'delivery_limit';

/**
 * The message as it goes to the dead-letter exchange: with the history in `x-death`, without its own expiration.
 * Follows rabbit_dead_letter of RabbitMQ 3.10.
 */
export function deadLetter(
  message: Message,
  reason: DeathReason,
  queue: string,
  target: { exchange: string; routingKey: string | undefined },
): Message {
  const properties = message.decodeProperties();
  const death: Table = new Map<string, Field>([
    ['reason', longstr(reason)],
    ['queue', longstr(queue)],
    ['time', { type: 'timestamp', value: BigInt(Math.floor(Date.now() / 1000)) }],
    ['exchange', longstr(message.exchange)],
    [
      'routing-keys',
      {
        type: 'array',
        value: [
          message.routingKey,
          ...routesIn(message.headers, 'CC'),
          ...routesIn(message.headers, 'BCC'),
        ].map(longstr),
      },
    ],
  ]);
  if (properties.expiration !== undefined) death.set('original-expiration', longstr(properties.expiration));
  const headers = recordDeath(properties.headers ?? new Map(), death);
  // With a key of its own the dead letter goes there alone, not where the original was copied to.
  if (target.routingKey !== undefined) headers.delete('CC');
  const { expiration: _, ...kept } = properties;
  const changed: Properties = { ...kept, headers };
  return Message.of(target.exchange, target.routingKey ?? message.routingKey, changed, message.body);
}

function recordDeath(headers: Table, death: Table): Table {
  const result: Table = new Map(headers);
  const known = headers.get('x-death');
  if (known === undefined) {
    for (const key of ['reason', 'queue', 'exchange']) {
      const field = death.get(key);
      if (field !== undefined) result.set(`x-first-death-${key}`, field);
    }
  }
  if (known?.type !== 'array') {
    result.set('x-death', { type: 'array', value: [{ type: 'table', value: counted(death, 1n) }] });
    return result;
  }
  const isSame = (field: Field) =>
    field.type === 'table' &&
    field.value.get('queue')?.value === death.get('queue')?.value &&
    field.value.get('reason')?.value === death.get('reason')?.value;
  const earlier = known.value.find(isSame);
  const others = known.value.filter((field) => !isSame(field));
  const entry =
    earlier?.type === 'table'
      ? counted(earlier.value, BigInt(Number(earlier.value.get('count')?.value ?? 0)) + 1n)
      : counted(death, 1n);
  result.set('x-death', { type: 'array', value: [{ type: 'table', value: sorted(entry) }, ...others] });
  return result;
}

function counted(death: Table, count: bigint): Table {
  return new Map<string, Field>([['count', { type: 'long', value: count }], ...without(death, 'count')]);
}

function without(table: Table, key: string): [string, Field][] {
  return [...table].filter(([name]) => name !== key);
}

/**
 * True when the message has been in the queue before and nobody has rejected it on its way round:
 * it would circle for ever, so RabbitMQ drops it.
 */
export function isCycle(message: Message, queue: string): boolean {
  const deaths = message.headers.get('x-death');
  if (deaths?.type !== 'array') return false;
  const found = deaths.value.findIndex(
    (field) => field.type === 'table' && field.value.get('queue')?.value === queue,
  );
  if (found < 0) return false;
  return deaths.value
    .slice(0, found + 1)
    .every((field) => field.type === 'table' && field.value.get('reason')?.value !== 'rejected');
}

/** The header that a quorum queue adds to what it delivers again. */
export function withDeliveryCount(message: Message, returns: number): Message {
  return message.withProperties((properties) => ({
    ...properties,
    headers: new Map(properties.headers ?? []).set('x-delivery-count', long(returns)),
  }));
}
