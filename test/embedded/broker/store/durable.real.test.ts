import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { longstr, type Table } from '../../../../src/embedded/broker/codec/table.ts';
import { newCounters } from '../../../../src/embedded/broker/counters.ts';
import { Message } from '../../../../src/embedded/broker/message.ts';
import type { Entry } from '../../../../src/embedded/broker/queue/entry.ts';
import { DurableStore } from '../../../../src/embedded/broker/store/durable.ts';
import { VirtualHost } from '../../../../src/embedded/broker/virtual-host/virtual-host.ts';

let folder: string;
let copies = 0;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'qbtc-durable-'));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function newFolder(): string {
  copies += 1;
  const path = join(folder, String(copies));
  mkdirSync(path);
  return path;
}

/** What the next process finds when this one is killed now. */
function afterKill(from: string): string {
  const to = newFolder();
  for (const name of readdirSync(from)) {
    // A lock of this process, and a snapshot that may be renamed while we look: it would be removed.
    if (name !== 'lock' && !name.endsWith('.new')) copyFileSync(join(from, name), join(to, name));
  }
  return to;
}

interface Running {
  path: string;
  store: DurableStore;
  vhost: VirtualHost;
}

function open(path: string, slackBytes: number): Running {
  const store = new DurableStore(path, () => undefined, { slackBytes });
  const vhost = new VirtualHost('/', store, { deliver: () => undefined }, newCounters(), () => undefined);
  vhost.restore(store.image);
  return { path, store, vhost };
}

async function close({ vhost, store }: Running): Promise<void> {
  vhost.close();
  await store.close();
}

interface ModelMessage {
  id: string;
  isKept: boolean;
  deliveries: number;
  held: boolean;
  /** Grows with each message; one that comes back to a quorum queue without a limit has a new one, until a restart. */
  place: number;
}

interface ModelQueue {
  durable: boolean;
  quorum: boolean;
  bound: Set<string>;
  messages: ModelMessage[];
}

const QUEUES = ['q0', 'q1', 'q2'];
const EXCHANGES = [
  { name: 'durable', durable: true },
  { name: 'transient', durable: false },
];
const LIMITED: Table = new Map([['x-queue-type', longstr('quorum')]]);

const queue = fc.constantFrom(...QUEUES);
const exchange = fc.constantFrom('durable', 'transient');
const which = fc.nat();
const step = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('declare' as const),
      queue,
      durable: fc.boolean(),
      quorum: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('delete' as const, 'purge' as const), queue }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constantFrom('bind' as const, 'unbind' as const), queue, exchange }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('publish' as const), queue, persistent: fc.boolean() }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('fanout' as const), exchange, persistent: fc.boolean() }),
  },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('get' as const), queue, noAck: fc.boolean() }) },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constantFrom('ack' as const, 'reject' as const, 'requeue' as const),
      which,
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('kill' as const, 'restart' as const) }) },
);

/** The model and the broker under test, changed side by side. */
class Pair {
  readonly model = new Map<string, ModelQueue>();
  broker: Running;
  private readonly slackBytes: number;
  private held: { queue: string; entry: Entry; message: ModelMessage }[] = [];
  private published = 0;
  private places = 1_000;

  constructor(slackBytes: number) {
    this.slackBytes = slackBytes;
    this.broker = open(newFolder(), slackBytes);
    this.declareExchanges();
  }

  async run(step: Step): Promise<void> {
    const { vhost } = this.broker;
    switch (step.kind) {
      case 'declare': {
        if (this.model.has(step.queue)) return;
        const durable = step.durable || step.quorum;
        vhost.declareQueue(step.queue, {
          durable,
          autoDelete: false,
          exclusiveOwner: undefined,
          arguments: step.quorum ? LIMITED : new Map(),
        });
        this.model.set(step.queue, { durable, quorum: step.quorum, bound: new Set(), messages: [] });
        return;
      }
      case 'delete':
        vhost.deleteQueue(step.queue, undefined, { ifUnused: false, ifEmpty: false });
        this.model.delete(step.queue);
        this.held = this.held.filter((each) => each.queue !== step.queue);
        return;
      case 'purge': {
        const queue = this.model.get(step.queue);
        if (queue === undefined) return;
        vhost.queue(step.queue, undefined).purge();
        queue.messages = queue.messages.filter(({ held }) => held);
        return;
      }
      case 'bind':
      case 'unbind': {
        const queue = this.model.get(step.queue);
        if (queue === undefined) return;
        const destination = { kind: 'queue' as const, name: step.queue };
        const request = { source: step.exchange, destination, routingKey: '', arguments: new Map() };
        vhost.bindings[step.kind](request, undefined);
        if (step.kind === 'bind') queue.bound.add(step.exchange);
        else queue.bound.delete(step.exchange);
        return;
      }
      case 'publish':
        this.publish('', step.queue, step.persistent, (_, name) => name === step.queue);
        return;
      case 'fanout':
        this.publish(step.exchange, '', step.persistent, ({ bound }) => bound.has(step.exchange));
        return;
      case 'get': {
        const queue = this.model.get(step.queue);
        if (queue === undefined) return;
        const entry = vhost.queue(step.queue, undefined).get(step.noAck);
        const waiting = queue.messages.filter(({ held }) => !held);
        const [message] = waiting.sort((a, b) => a.place - b.place);
        expect(entry?.message.body.toString()).toBe(message?.id);
        if (entry === undefined || message === undefined) return;
        message.held = true;
        message.deliveries += 1;
        if (step.noAck) this.drop(step.queue, message);
        else this.held.push({ queue: step.queue, entry, message });
        return;
      }
      case 'ack':
      case 'reject':
      case 'requeue': {
        const [taken] = this.held.splice(step.which % Math.max(this.held.length, 1), 1);
        if (taken === undefined) return;
        const queue = vhost.queue(taken.queue, undefined);
        if (step.kind === 'requeue') {
          queue.requeue([taken.entry], true);
          taken.message.held = false;
          this.places += 1;
          if (this.model.get(taken.queue)?.quorum === true) taken.message.place = this.places;
          return;
        }
        if (step.kind === 'ack') queue.acknowledge(taken.entry);
        else queue.reject(taken.entry);
        this.drop(taken.queue, taken.message);
        return;
      }
      case 'kill':
      case 'restart':
        await this.restart(step.kind);
    }
  }

  async restart(how: 'kill' | 'restart'): Promise<void> {
    // What the client was told of has been written by the end of the turn.
    await Promise.resolve();
    const copied = how === 'kill' ? afterKill(this.broker.path) : undefined;
    await close(this.broker);
    this.held = [];
    for (const [name, queue] of this.model) {
      if (!queue.durable) this.model.delete(name);
      queue.bound.delete('transient');
      queue.messages = queue.messages
        .filter(({ isKept }) => isKept)

        .map((message, index) => ({ ...message, held: false, place: index }));
    }
    const path = copied ?? this.broker.path;
    await this.compare(path);
    this.broker = open(path, this.slackBytes);
    this.declareExchanges();
  }

  /** Empties a broker that was started on a copy, and compares everything that it gives. */
  private async compare(path: string): Promise<void> {
    const probe = open(afterKill(path), this.slackBytes);
    const found = [...probe.vhost.queues.values()].map((queue) => {
      const messages: unknown[] = [];
      for (let entry = queue.get(true); entry !== undefined; entry = queue.get(true)) {
        const { message, redelivered, returns } = entry;
        const count = queue.settings.type === 'quorum' ? returns : undefined;
        messages.push([message.body.toString(), redelivered, count]);
      }
      const bound = [...queue.incoming].map(({ source }) => source.name);
      return [queue.name, queue.settings.type, bound.sort(), messages];
    });
    const expected = [...this.model].map(([name, { quorum, bound, messages }]) => [
      name,
      quorum ? 'quorum' : 'classic',
      [...bound].sort(),
      messages.map(({ id, deliveries }) => [id, deliveries > 0, quorum ? deliveries : undefined]),
    ]);
    await close(probe);
    const byName = (a: unknown[], b: unknown[]) => (String(a[0]) < String(b[0]) ? -1 : 1);
    expect(found.sort(byName)).toEqual(expected.sort(byName));
    expect(probe.vhost.exchanges.has('durable')).toBe(true);
    expect(probe.vhost.exchanges.has('transient')).toBe(false);
  }

  private declareExchanges(): void {
    for (const { name, durable } of EXCHANGES)
      this.broker.vhost.declareExchange(name, 'fanout', {
        durable,
        autoDelete: false,
        internal: false,
        arguments: new Map(),
      });
  }

  private publish(
    exchange: string,
    key: string,
    persistent: boolean,
    reaches: (queue: ModelQueue, name: string) => boolean,
  ): void {
    const { vhost } = this.broker;
    this.published += 1;
    this.places += 1;
    const id = `m${this.published}`;
    const message = Message.of(exchange, key, { delivery_mode: persistent ? 2 : 1 }, Buffer.from(id));
    for (const queue of vhost.route(vhost.exchange(exchange), message)) queue.publish(message);
    for (const [name, queue] of this.model)
      if (reaches(queue, name)) {
        const isKept = queue.durable && (persistent || queue.quorum);
        queue.messages.push({ id, isKept, deliveries: 0, held: false, place: this.places });
      }
  }

  private drop(name: string, message: ModelMessage): void {
    const queue = this.model.get(name);
    if (queue !== undefined) queue.messages = queue.messages.filter((each) => each !== message);
  }
}

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

const message = (id: string, properties: object = {}) =>
  Message.of('', 'key', { delivery_mode: 2, ...properties }, Buffer.from(id));

function declare({ vhost }: Running, name: string, given: Table = new Map()) {
  return vhost.declareQueue(name, {
    durable: true,
    autoDelete: false,
    exclusiveOwner: undefined,
    arguments: given,
  });
}

describe('the durable store', () => {
  it.each([
    ['never shortened', 1e9],
    ['shortened all the time', 0],
  ])(
    'is like a model through any sequence of changes, kills and restarts, its journal %s',
    async (_, slack) => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60, size: 'max' }), async (steps) => {
          const pair = new Pair(slack);
          for (const each of steps) await pair.run(each);
          await pair.restart('kill');
          await close(pair.broker);
        }),
        { numRuns: 40 },
      );
    },
    60_000,
  );

  it('confirms once the disk has it, and together what came while it worked', async () => {
    const broker = open(newFolder(), 1e9);
    const queue = declare(broker, 'q');
    const order: string[] = [];
    const publish = (id: string) =>
      new Promise<void>((resolve) => {
        const outcome = queue.publish(message(id), {
          stored: () => {
            order.push(id);
            resolve();
          },
          lost: () => expect.unreachable(),
        });
        expect(outcome).toBe('storing');
      });
    const all = ['a', 'b', 'c'].map(publish);
    await Promise.resolve();
    expect(order).toEqual([]);
    await Promise.all([...all, publish('d')]);
    expect(order).toEqual(['a', 'b', 'c', 'd']);
    expect(
      queue.publish(message('e', { delivery_mode: 1 }), { stored: () => undefined, lost: () => undefined }),
    ).toBe('stored');
    await close(broker);
  });

  it('counts the time to live from the publish, and buries what has expired meanwhile', async () => {
    const first = open(newFolder(), 1e9);
    declare(first, 'dead');
    const queue = declare(
      first,
      'q',
      new Map([
        ['x-dead-letter-exchange', longstr('')],
        ['x-dead-letter-routing-key', longstr('dead')],
      ]),
    );
    queue.publish(message('soon', { expiration: '30' }));
    queue.publish(message('late', { expiration: '600000' }));
    await close(first);
    await new Promise((resolve) => setTimeout(resolve, 40));
    const second = open(first.path, 1e9);
    const late = second.vhost.queue('q', undefined).get(false);
    expect(late?.message.body.toString()).toBe('late');
    expect(late?.expiresAt).toBeLessThan(Date.now() + 600_000 - 40 + 1);
    await close(second);
    const third = open(first.path, 1e9);
    const dead = third.vhost.queue('dead', undefined).get(true);
    expect(dead?.message.body.toString()).toBe('soon');
    const [death] = (dead?.message.headers.get('x-death')?.value ?? []) as { value: Table }[];
    expect(death?.value.get('reason')).toEqual(longstr('expired'));
    expect(third.vhost.queue('q', undefined).get(true)?.redelivered).toBe(true);
    await close(third);
  });

  it('counts a delivery that a kill has cut short towards the limit of a quorum queue', async () => {
    let broker = open(newFolder(), 1e9);
    const limited: Table = new Map([
      ['x-queue-type', longstr('quorum')],
      ['x-delivery-limit', { type: 'long', value: 1n }],
    ]);
    declare(broker, 'q', limited).publish(message('poison'));
    for (const returns of [0, 1]) {
      const entry = broker.vhost.queue('q', undefined).get(false);
      expect(entry).toMatchObject({ returns, redelivered: returns > 0 });
      await Promise.resolve();
      const path = afterKill(broker.path);
      await close(broker);
      broker = open(path, 1e9);
    }
    expect(broker.vhost.queue('q', undefined).readyCount).toBe(0);
    await close(broker);
  });

  it('keeps auto-delete queues that are durable, and never exclusive ones', async () => {
    const first = open(newFolder(), 1e9);
    const properties = { durable: true, exclusiveOwner: undefined, arguments: new Map() };
    first.vhost.declareQueue('auto', { ...properties, autoDelete: true });
    first.vhost.declareQueue('mine', { ...properties, autoDelete: false, exclusiveOwner: {} });
    await close(first);
    const second = open(first.path, 1e9);
    expect([...second.vhost.queues.keys()]).toEqual(['auto']);
    await close(second);
  });

  it('takes no more room than twice the living and its slack', async () => {
    const broker = open(newFolder(), 10_000);
    const queue = declare(broker, 'q');
    queue.publish(message('first'));
    queue.publish(message('second'));
    const kept = queue.get(false);
    for (let round = 0; round < 2_000; round += 1) {
      queue.publish(message(`m${round}`));
      const next = queue.get(false);
      if (next !== undefined) queue.acknowledge(next);
      if (round % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await close(broker);
    const names = readdirSync(broker.path)
      .filter((name) => name !== 'extent')
      .sort();
    expect(names).toHaveLength(2);
    expect(names[0]).toMatch(/^journal-0000\d+$/);
    expect(names[0]?.slice(-8)).toBe(names[1]?.slice(-8));
    // How often it was shortened is a matter of the disk; once at least, or it would be all that was written.
    expect(Number(names[0]?.slice(-8))).toBeGreaterThan(1);
    expect(broker.store.image.queues.get('q')?.messages.size).toBe(2);
    expect(kept?.message.body.toString()).toBe('first');
    const again = open(broker.path, 10_000);
    const found = again.vhost.queue('q', undefined);
    expect(
      [found.get(true), found.get(true)].map((entry) => [entry?.message.body.toString(), entry?.redelivered]),
    ).toEqual([
      ['first', true],
      ['m1999', false],
    ]);
    await close(again);
  });
});
