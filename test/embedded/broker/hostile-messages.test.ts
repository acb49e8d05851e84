import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { decodeOctets } from '../../../src/embedded/broker/codec/octet-text.ts';
import { type Properties, writeProperties } from '../../../src/embedded/broker/codec/properties.ts';
import { type Field, long, longstr, type Table } from '../../../src/embedded/broker/codec/table.ts';
import { newCounters } from '../../../src/embedded/broker/counters.ts';
import { AmqpError } from '../../../src/embedded/broker/errors.ts';
import { addressOf, Message } from '../../../src/embedded/broker/message.ts';
import { deadLetter, withDeliveryCount } from '../../../src/embedded/broker/queue/death.ts';
import { volatileStore } from '../../../src/embedded/broker/store/store.ts';
import { VirtualHost } from '../../../src/embedded/broker/virtual-host/virtual-host.ts';
import { runs } from '../../support/property-runs.ts';

const octets = fc.uint8Array({ maxLength: 30 }).map((array) => decodeOctets(Buffer.from(array)));
const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const scalar: fc.Arbitrary<Field> = fc.oneof(
  fc
    .oneof(octets, fc.constantFrom('q.first', 'q.second', 'q.third', 'expired', 'rejected', 'abc', ''))
    .map(longstr),
  fc
    .oneof(int64, fc.constantFrom(2n ** 63n - 1n, -(2n ** 63n)))
    .map((value): Field => ({ type: 'long', value })),
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((value): Field => ({ type: 'timestamp', value })),
  fc.double().map((value): Field => ({ type: 'double', value })),
  fc.float().map((value): Field => ({ type: 'float', value })),
  fc.integer({ min: -128, max: 127 }).map((value): Field => ({ type: 'byte', value })),
  fc.boolean().map((value): Field => ({ type: 'bool', value })),
  fc
    .nat({ max: 255 })
    .map((places): Field => ({ type: 'decimal', value: { places, digits: 4_294_967_295 } })),
  fc.uint8Array({ maxLength: 9 }).map((array): Field => ({ type: 'binary', value: Buffer.from(array) })),
  fc.constant<Field>({ type: 'void', value: null }),
);
const tableOf = (keys: fc.Arbitrary<string>, values: fc.Arbitrary<Field>): fc.Arbitrary<Table> =>
  fc.array(fc.tuple(keys, values), { maxLength: 6 }).map((entries) => new Map(entries));
const asTable = (value: Table): Field => ({ type: 'table', value });
const asArray = (value: Field[]): Field => ({ type: 'array', value });
const death = tableOf(
  fc.oneof(
    fc.constantFrom('queue', 'reason', 'count', 'time', 'exchange', 'routing-keys', '__proto__'),
    octets,
  ),
  scalar,
).map(asTable);
const deep = fc
  .nat({ max: 60 })
  .map((depth) =>
    Array.from({ length: depth }).reduce<Field>((inner) => asTable(new Map([['k', inner]])), long(1)),
  );
const field = fc.oneof(scalar, death, deep, fc.array(fc.oneof(scalar, death), { maxLength: 4 }).map(asArray));
const headers = tableOf(
  fc.oneof(
    fc.constantFrom(
      'x-death',
      'CC',
      'BCC',
      'x-delivery-count',
      'x-first-death-queue',
      'x-delay',
      '__proto__',
    ),
    fc.constantFrom('x-stream-offset', 'constructor', 'x-match'),
    octets,
  ),
  field,
);
const properties: fc.Arbitrary<Properties> = fc
  .record(
    {
      headers: fc.option(headers, { nil: undefined }),
      content_type: octets,
      priority: fc.nat({ max: 255 }),
      delivery_mode: fc.nat({ max: 255 }),
      correlation_id: octets,
      reply_to: octets,
      expiration: fc.oneof(
        fc.constantFrom('0', '1', '5', '', '-1', '1e9', '99999999999999999999', 'NaN'),
        octets,
      ),
      message_id: octets,
      timestamp: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
      app_id: octets,
    },
    { requiredKeys: [] },
  )
  .map(
    (given) =>
      ({ ...given, ...(given.headers === undefined ? {} : { headers: given.headers }) }) as Properties,
  );

const argumentsOf = (entries: Record<string, Field>): Table => new Map(Object.entries(entries));

let errors: unknown[];
let vhost: VirtualHost;

/** Three queues that hand their dead letters on, under every limit that there is; the last ones go nowhere. */
function build(): void {
  vhost = new VirtualHost(
    '/',
    volatileStore,
    { deliver: () => undefined },
    newCounters(),
    (level, ...rest) => {
      if (level === 'error') errors.push(rest);
    },
  );
  const declare = (name: string, given: Record<string, Field>) =>
    vhost.declareQueue(name, {
      durable: true,
      autoDelete: false,
      exclusiveOwner: undefined,
      arguments: argumentsOf(given),
    });
  declare('q.first', {
    'x-message-ttl': long(5),
    'x-dead-letter-exchange': longstr(''),
    'x-dead-letter-routing-key': longstr('q.second'),
    'x-max-priority': long(10),
  });
  declare('q.second', {
    'x-max-length': long(2),
    'x-max-length-bytes': long(50),
    'x-dead-letter-exchange': longstr('amq.headers'),
    'x-expires': long(3_600_000),
  });
  declare('q.third', {
    'x-queue-type': longstr('quorum'),
    'x-delivery-limit': long(1),
    'x-message-ttl': long(20),
    'x-dead-letter-exchange': longstr(''),
    'x-dead-letter-routing-key': longstr('q.first'),
  });
  declare('q.innocent', {});
  vhost.bindings.bind(
    {
      source: 'amq.headers',
      destination: { kind: 'queue', name: 'q.third' },
      routingKey: '',
      arguments: argumentsOf({ 'x-match': longstr('all') }),
    },
    undefined,
  );
}

function publish(routingKey: string, encoded: Buffer): void {
  const message = new Message('', routingKey, addressOf('', routingKey), encoded, Buffer.from('body'));
  for (const queue of vhost.route(vhost.exchange(''), message)) queue.publish(message);
}

beforeEach(() => {
  vi.useFakeTimers();
  errors = [];
  build();
});
afterEach(() => {
  vhost.close();
  vi.useRealTimers();
});

describe('whatever a client puts into a message', () => {
  it('passes through limits, times to live, priorities and dead letters, and disturbs nobody', () => {
    fc.assert(
      fc.property(fc.array(properties, { minLength: 1, maxLength: 4 }), (messages) => {
        for (const given of messages) {
          try {
            publish('q.first', writeProperties(given));
          } catch (error) {
            // Refused at once, as its publisher is told.
            expect(error).toBeInstanceOf(AmqpError);
          }
          vi.advanceTimersByTime(6);
          const third = vhost.queue('q.third', undefined);
          const entry = third.get(false);
          if (entry === undefined) continue;
          withDeliveryCount(entry.message, entry.returns);
          third.requeue([entry], true);
          vi.advanceTimersByTime(30);
        }
        publish('q.innocent', writeProperties({}));
        expect(vhost.queue('q.innocent', undefined).get(true)?.message.body.toString()).toBe('body');
        expect(errors).toEqual([]);
      }),
      { seed: 17, numRuns: runs(120, 400) },
    );
  });

  it.each<[string, Field]>([
    ['a text', longstr('abc')],
    ['no number', { type: 'double', value: Number.NaN }],
    ['nothing', { type: 'void', value: null }],
    ['a table', asTable(new Map())],
  ])('counts anew where the count of x-death is %s', (_, count) => {
    const given = asTable(argumentsOf({ queue: longstr('q.first'), reason: longstr('expired'), count }));
    publish('q.first', writeProperties({ headers: new Map([['x-death', asArray([given])]]) }));
    vi.advanceTimersByTime(6);
    const [first] = deathsIn('q.second');
    expect(first?.get('count')).toEqual(long(1));
  });

  it('stands in x-death as it came where it is no table', () => {
    const given = asArray([longstr('mine'), long(3)]);
    publish('q.first', writeProperties({ headers: new Map([['x-death', given]]) }));
    vi.advanceTimersByTime(6);
    const message = vhost.queue('q.second', undefined).get(true)?.message;
    const deaths = message?.headers.get('x-death');
    expect(deaths?.type === 'array' && deaths.value.slice(1)).toEqual([long(3), longstr('mine')]);
  });

  it('dies as fast with thousands of deaths behind it: each is looked at, and not beside each other', () => {
    let looks = 0;
    class CountedTable extends Map<string, Field> {
      override get(key: string): Field | undefined {
        looks += 1;
        return super.get(key);
      }
    }
    const many = Array.from({ length: 2_000 }, (_, index) =>
      asTable(new CountedTable([['queue', longstr(`q${index}`)]])),
    );
    const message = Message.of('', 'q', { headers: new Map([['x-death', asArray(many)]]) }, Buffer.alloc(0));
    vi.spyOn(message, 'decodeProperties').mockReturnValue({ headers: new Map([['x-death', asArray(many)]]) });
    const dead = deadLetter(message, 'expired', 'q.first', { exchange: '', routingKey: undefined });
    const deaths = dead.headers.get('x-death');
    expect(deaths?.type === 'array' && deaths.value.length).toBe(2_001);
    expect(looks).toBeLessThan(20 * many.length);
  });

  it('counts deaths of one queue and reason together, the last ones first', () => {
    const of = (queue: string, count?: number) =>
      asTable(
        argumentsOf({
          ...(count === undefined ? {} : { count: long(count) }),
          queue: longstr(queue),
          reason: longstr('expired'),
        }),
      );
    const given = asArray([of('q.a'), of('q.b', 7), of('q.a'), of('q.b')]);
    publish('q.first', writeProperties({ headers: new Map([['x-death', given]]) }));
    vi.advanceTimersByTime(6);
    expect(deathsIn('q.second').map((each) => [each.get('queue'), each.get('count')])).toEqual([
      [longstr('q.first'), long(1)],
      [longstr('q.b'), long(7)],
      [longstr('q.a'), long(2)],
    ]);
  });

  it('leaves with the bytes that it came with, where they are no text', () => {
    const correlation_id = decodeOctets(Buffer.from([0xff, 0x41, 0xfe]));
    const key = decodeOctets(Buffer.from([0x80, 0x81]));
    publish('q.first', writeProperties({ correlation_id, headers: new Map([[key, long(1)]]) }));
    vi.advanceTimersByTime(6);
    const message = vhost.queue('q.second', undefined).get(true)?.message;
    expect(message?.properties.includes(Buffer.from([3, 0xff, 0x41, 0xfe]))).toBe(true);
    expect(message?.properties.includes(Buffer.from([2, 0x80, 0x81]))).toBe(true);
  });
});

function deathsIn(queue: string): Table[] {
  const deaths = vhost.queue(queue, undefined).get(true)?.message.headers.get('x-death');
  return deaths?.type === 'array'
    ? deaths.value.flatMap((each) => (each.type === 'table' ? [each.value] : []))
    : [];
}

describe('a queue that fails', () => {
  it('is set aside with a word, and the others go on', () => {
    const broken = vhost.queue('q.first', undefined);
    publish('q.first', writeProperties({}));
    Object.defineProperty(broken, 'settings', {
      get() {
        throw new Error('a defect');
      },
    });
    vi.advanceTimersByTime(6);
    expect(errors).toMatchObject([
      [expect.stringContaining('is set aside'), { vhost: '/', queue: 'q.first' }],
    ]);
    expect(() => vhost.queue('q.first', undefined)).toThrow(
      "NOT_FOUND - queue 'q.first' in vhost '/' has crashed and failed to restart",
    );
    expect(broken.publish(Message.of('', 'q.first', {}, Buffer.alloc(0)))).toBe('rejected');
    publish('q.innocent', writeProperties({}));
    expect(vhost.queue('q.innocent', undefined).readyCount).toBe(1);
  });
});
