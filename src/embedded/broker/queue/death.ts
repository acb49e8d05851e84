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
  if (known?.type !== 'array') {
    if (known === undefined)
      for (const key of ['reason', 'queue', 'exchange']) {
        const field = death.get(key);
        if (field !== undefined) result.set(`x-first-death-${key}`, field);
      }
    return result.set('x-death', deathsOf([counted(death, 1n)]));
  }
  const earlier = grouped(known.value);
  const same = earlier.find((field) => isSameDeath(field, death));
  const others = earlier.filter((field) => field !== same);
  const latest =
    same?.type === 'table' ? counted(same.value, (countOf(same.value) ?? 0n) + 1n) : counted(death, 1n);
  return result.set('x-death', deathsOf([sorted(latest), ...others]));
}

/**
 * Deaths of one queue and reason become one, the first; those without a count are given how many there were.
 * RabbitMQ turns their order round on the way, and so does this: clients read `x-death` by its places.
 * What is no table, a client has put there: it stays.
 */
function grouped(deaths: readonly Field[]): Field[] {
  if (deaths.length < 2) return [...deaths];
  const times = new Map<unknown, Map<unknown, number>>();
  // By key, and not each beside each other: a client may have put thousands there.
  const timesOf = (death: Table) => {
    const queue = death.get('queue')?.value;
    const ofQueue = times.get(queue) ?? new Map<unknown, number>();
    times.set(queue, ofQueue);
    return { reason: death.get('reason')?.value, ofQueue };
  };
  const firsts: Field[] = [];
  for (const field of deaths) {
    if (field.type !== 'table') {
      firsts.push(field);
      continue;
    }
    const { reason, ofQueue } = timesOf(field.value);
    const before = ofQueue.get(reason) ?? 0;
    ofQueue.set(reason, before + 1);
    if (before === 0) firsts.push(field);
  }
  return firsts.reverse().map((field) => {
    if (field.type !== 'table' || field.value.has('count')) return field;
    const { reason, ofQueue } = timesOf(field.value);
    return { type: 'table', value: counted(field.value, BigInt(ofQueue.get(reason) ?? 1)) };
  });
}

const deathsOf = (deaths: (Table | Field)[]): Field => ({
  type: 'array',
  value: deaths.map((death) => (death instanceof Map ? { type: 'table', value: death } : death)),
});

function isSameDeath(field: Field, death: Table): boolean {
  if (field.type !== 'table') return false;
  return ['queue', 'reason'].every((key) => field.value.get(key)?.value === death.get(key)?.value);
}

/** `undefined` without one, and for what a client has put there that counts nothing: it is counted anew. */
function countOf(death: Table): bigint | undefined {
  const count = death.get('count')?.value;
  if (typeof count === 'bigint') return count;
  return Number.isSafeInteger(count) ? BigInt(count as number) : undefined;
}

/** The death with its count, which wraps round as a 64-bit number does. */
function counted(death: Table, count: bigint): Table {
  const value = BigInt.asIntN(64, count);
  return new Map<string, Field>([['count', { type: 'long', value }], ...without(death, 'count')]);
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
