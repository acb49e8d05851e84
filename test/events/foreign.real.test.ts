import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import amqp from 'amqplib';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { openContracts, publishEvent, tailEvents } from '../../src/events/index.ts';
import { runFlows } from '../../src/flow/index.ts';
import type { SeenEvent } from '../../src/model/event.ts';
import type { ServiceEvents, Stack } from '../../src/model/stack.ts';
import { applyTopology, planTopology } from '../../src/topology/index.ts';
import { type AmqpServer, embeddedServer, realServer } from '../broker/servers.ts';
import { quietContext } from '../support/quiet-context.ts';
import { emptyStack, PLAIN_SERVICE } from '../support/stack.ts';

const subjects = { readLog: async () => [], linesAbout: async () => [], answers: async () => true };

/** A stack that was written without qbtc: an exchange of its own, messages without an envelope, an id in `requestId`. */
describe.each([
  ['the embedded broker', embeddedServer],
  ['RabbitMQ', realServer],
] as const)('%s, with a worker that knows nothing of qbtc', (_, start) => {
  const context = quietContext();
  let broker: AmqpServer | undefined;
  let folder = '';

  beforeAll(async () => {
    broker = await start();
    folder = await mkdtemp(join(tmpdir(), 'qbtc-foreign-'));
  }, 240_000);
  afterAll(async () => {
    await broker?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const service = (name: string, events: Partial<ServiceEvents>) => ({
    name,
    path: folder,
    ...PLAIN_SERVICE,
    dependsOn: [],
    env: {},
    containerEnv: {},
    routes: [],
    events: {
      resource: 'broker',
      publishes: [],
      consumes: [],
      subscribes: [],
      account: { user: `acme.${name}`, password: `secret-of-${name}` },
      ...events,
    },
  });

  function stackOf({ resource }: AmqpServer, changes: Partial<Stack> = {}): Stack {
    return emptyStack(folder, {
      resources: [resource],
      events: { exchange: 'shop', envelope: 'none' },
      correlation: { header: 'X-Request-Id', field: 'meta.requestId' },
      services: [
        service('worker', { declares: true, consumes: ['orders'], publishes: ['order.paid'] }),
        service('narrow', { declares: ['mine', 'mine.*'] }),
        service('asker', { publishes: ['order.create'] }),
      ],
      ...changes,
    });
  }

  async function channelOf({ urlOf }: AmqpServer, name: string) {
    const client = await amqp.connect(urlOf(`acme.${name}`, `secret-of-${name}`));
    client.on('error', () => {});
    onTestFinished(() => client.close().catch(() => {}));
    const channel = await client.createConfirmChannel();
    // What is refused closes it.
    channel.on('error', () => {});
    return channel;
  }

  async function applied(stack: Stack) {
    const outcomes = await applyTopology(context, stack, await planTopology(context, stack));
    expect(outcomes.filter(({ status }) => status !== 'done')).toEqual([]);
    expect((await planTopology(context, stack)).changes).toEqual([]);
    return outcomes.map(({ change }) => `${change.kind} ${change.name}`);
  }

  /** Declares its own exchange and queues; says what it has done in a text, in JSON without an id, and with one. */
  async function startWorker(server: AmqpServer) {
    const channel = await channelOf(server, 'worker');
    await channel.assertExchange('shop', 'direct', { durable: true });
    await channel.assertQueue('orders', { durable: true });
    await channel.assertQueue('receipts', { durable: true });
    await channel.bindQueue('receipts', 'shop', 'order.paid');
    await channel.consume('orders', (message) => {
      if (message === null) return;
      channel.ack(message);
      const { headers = {}, type, replyTo } = message.properties;
      const order = JSON.parse(message.content.toString());
      if (order.silent === true) return;
      const receipt = Buffer.from(JSON.stringify({ orderId: order.orderId, paid: true, meta: order.meta }));
      channel.publish('shop', 'order.paid', receipt, { headers, type: `${type}.done` });
      channel.publish('', 'receipts', Buffer.from(`receipt of order ${order.orderId}`), { type: 'text' });
      channel.publish('', 'receipts', Buffer.from([0xff, 0xfe, order.orderId]));
      if (replyTo !== undefined)
        channel.sendToQueue(replyTo, Buffer.from('done'), {
          correlationId: message.properties.correlationId,
        });
    });
  }

  test('its account may declare what it wants, and others no more than before', async (scope) => {
    if (broker === undefined) return scope.skip();
    const made = await applied(stackOf(broker));
    // What the worker declares is left to it: the exchange is none of the topology's.
    expect(made.filter((name) => /^(exchange|queue) /.test(name))).toEqual([]);
    await startWorker(broker);
    const narrow = await channelOf(broker, 'narrow');
    await narrow.assertQueue('mine.1');
    await narrow.assertExchange('mine', 'fanout');
    await narrow.bindQueue('mine.1', 'mine', '');
    await expect(narrow.assertQueue('other')).rejects.toThrow(/ACCESS_REFUSED/);
    const asker = await channelOf(broker, 'asker');
    asker.publish('shop', 'order.paid', Buffer.from('{}'));
    await asker.waitForConfirms();
    await expect(asker.assertQueue('orders', { durable: true })).rejects.toThrow(/ACCESS_REFUSED/);
  });

  const FLOW = `
name: foreign
taps: [{ exchange: shop, routing_key: order.paid }]
steps:
  - kind: publish
    hop: { subject: broker, proves: the queue took the order }
    message:
      exchange: ""
      routing_key: orders
      json: { orderId: 7, meta: { requestId: "\${correlation_id}" } }
      headers: { X-Tenant: blue, nested: { list: [1, two, 3.5, true, null] }, big: 9007199254740991 }
      properties: { type: order.create, reply_to: receipts, priority: 3, timestamp: 1700000000, app_id: shop-test }
  - kind: event
    hop: { subject: broker, proves: it was paid }
    event: { exchange: shop, routing_key: order.paid }
    expect:
      json: { $.orderId: 7, $.paid: true }
      headers: { x-tenant: blue, X-REQUEST-ID: { exists: true } }
      properties: { type: order.create.done, reply_to: { exists: false } }
  - kind: queue
    hop: { subject: broker, proves: the worker consumes and has left nothing }
    queue: orders
    expect: { messages: 0, consumers: { at_least: 1 } }
    capture: { consumers: $.consumers }
  - kind: consume
    hop: { subject: broker, proves: the receipt is a text }
    queue: receipts
    match: { body: { matches: "^receipt of order \\\\d+$" } }
    expect: { properties: { type: text }, json: { $.content: receipt of order 7 } }
  - kind: consume
    hop: { subject: broker, proves: bytes that are no text are found as base64 }
    queue: receipts
    match: { body: //4H }
  - kind: consume
    hop: { subject: broker, proves: it answers }
    queue: receipts
    match: { body: done, properties: { correlation_id: "\${correlation_id}" } }
  - kind: consume
    hop: { subject: broker, proves: the id in the field of the body is enough }
    queue: receipts
    expect: { headers: { X-Tenant: blue }, json: { "$.headers.nested.list[2]": 3.5, $.headers.big: 9007199254740991 } }
`;

  async function run(server: AmqpServer, flow: string, changes: Partial<Stack> = {}) {
    const file = join(folder, 'flow.yaml');
    await writeFile(file, flow);
    const stack = stackOf(server, { flowFiles: [file], ...changes });
    const [result] = await runFlows(context, stack, { subjects }).catch((error) => {
      throw new Error(`${error.message}: ${error.details?.join('; ')}`);
    });
    return result;
  }

  test('a flow publishes raw messages and finds what comes of them', async (scope) => {
    if (broker === undefined) return scope.skip();
    await applied(stackOf(broker));
    await startWorker(broker);
    const result = await run(broker, FLOW);
    expect(result?.stoppedAt?.reason).toBeUndefined();
    expect(result?.hops.map(({ status }) => status)).toEqual(Array(7).fill('passed'));
  });

  test('a message without any id is told by what it holds; a flow that does not say so is told how', async (scope) => {
    if (broker === undefined) return scope.skip();
    await applied(stackOf(broker));
    await startWorker(broker);
    const asked = (match: string) => `
name: nameless
taps: [{ exchange: shop, routing_key: order.paid }]
steps:
  - kind: publish
    hop: { subject: broker, proves: the queue took the order }
    message:
      exchange: ""
      routing_key: orders
      body: '{"orderId":8}'
      properties: { correlation_id: none-of-this-flow }
      headers: { X-Request-Id: "" }
  - kind: event
    hop: { subject: broker, proves: it was paid }
    event: { routing_key: order.paid }
    within: 2s
    ${match}
`;
    const found = await run(broker, asked('match: { json: { $.orderId: 8 } }'));
    expect(found?.stoppedAt?.reason).toBeUndefined();
    expect((await run(broker, asked('')))?.stoppedAt?.reason).toMatch(
      /no message with the routing key order\.paid within 2 s; 1 passed without the id of a request: "match"/,
    );
    expect((await run(broker, asked('match: { json: { $.orderId: 9 } }')))?.stoppedAt?.reason).toBe(
      'no message with the routing key order.paid within 2 s',
    );
  });

  test('a queue that is not there is said by its name', async (scope) => {
    if (broker === undefined) return scope.skip();
    const result = await run(
      broker,
      `
name: nowhere
steps:
  - kind: publish
    hop: { subject: broker, proves: the queue took it }
    message: { exchange: "", routing_key: no-such-queue, base64: /wA= }
`,
    );
    expect(result?.stoppedAt?.reason).toMatch(/there is no queue no-such-queue/);
    const looked = await run(
      broker,
      `
name: nowhere
steps:
  - kind: queue
    hop: { subject: broker, proves: it is there }
    queue: no-such-queue
    within: 200ms
`,
    );
    expect(looked?.stoppedAt?.reason).toMatch(
      /no-such-queue: try 2\/2 within 200 ms: there is no such queue/,
    );
  });

  test.for<[string, string, RegExp]>([
    ['a user that it is not', 'properties: { user_id: somebody }', /user_id|PRECONDITION/i],
    [
      'a header of a type that AMQP does not have',
      'headers: { a: { "!": no-such-type, value: 1 } }',
      /type/i,
    ],
    ['an exchange that is not there', 'exchange: no-such-exchange', /no-such-exchange/],
  ])('%s is said by the hop, and the next flow goes on', async ([, line, reason], scope) => {
    if (broker === undefined) return scope.skip();
    await applied(stackOf(broker));
    await startWorker(broker);
    const steps = (each: string) => `
name: refused
steps:
  - kind: publish
    hop: { subject: broker, proves: it is taken }
    message:
      routing_key: order.paid
      body: x
      ${each}
`;
    expect((await run(broker, steps(line)))?.stoppedAt?.reason).toMatch(reason);
    expect((await run(broker, steps('headers: {}')))?.status).toBe('passed');
  });

  test('events are followed as they are, named by contract or property, and published without an envelope', async (scope) => {
    if (broker === undefined) return scope.skip();
    await applied(stackOf(broker));
    await startWorker(broker);
    await writeFile(
      join(folder, 'order_paid.json'),
      JSON.stringify({
        $schema: 'https://json-schema.org/draft/2020-12/schema',
        $id: 'urn:qbtc:event:order_paid:1',
        'x-routing-key': 'order.paid',
        description: 'An order is paid.',
        type: 'object',
        required: ['orderId'],
        properties: { orderId: { type: 'integer', description: 'Which.' } },
      }),
    );
    const stack = stackOf(broker, { contractFolders: [folder] });
    const { files, contracts } = await openContracts(stack);
    const seen: SeenEvent[] = [];
    const end = new AbortController();
    const following = new Promise<void>((resolve, reject) => {
      tailEvents(context, stack, {
        keys: ['order.paid'],
        contracts,
        count: 4,
        onEvent: (event) => seen.push(event),
        onReady: () => resolve(),
        end: end.signal,
      }).catch(reject);
    });
    await following;
    const published = await publishEvent(
      context,
      stack,
      { files, contracts },
      {
        type: 'order_paid',
        data: { orderId: 11 },
        correlationId: 'c-11',
      },
    );
    expect(published).toMatchObject({ exchange: 'shop', routingKey: 'order.paid', correlationId: 'c-11' });
    const channel = await channelOf(broker, 'worker');
    channel.publish('shop', 'order.paid', Buffer.from('{"orderId":"eleven","meta":{"requestId":12}}'), {
      headers: { 'x-request-id': 'of-the-header' },
    });
    channel.publish('shop', 'order.paid', Buffer.from('plain text'), { headers: { 'x-request-id': 'h-1' } });
    channel.publish('shop', 'order.paid', Buffer.from([0xff]), { type: 'noise' });
    await channel.waitForConfirms();
    await expect.poll(() => seen.length).toBe(4);
    end.abort();
    expect(seen).toMatchObject([
      {
        type: 'order_paid',
        correlationId: 'c-11',
        event: { orderId: 11, meta: { requestId: 'c-11' } },
      },
      { type: 'order_paid', correlationId: '12', problem: '/orderId must be integer' },
      { type: 'order_paid', correlationId: 'h-1', text: 'plain text', problem: 'is not JSON' },
      { type: 'order_paid', base64: '/w==', problem: 'is not JSON' },
    ]);
    expect(seen[0]?.problem).toBeUndefined();
    await expect(
      tailEvents(context, stackOf(broker, { events: { exchange: '', envelope: 'none' } }), {
        keys: ['#'],
        onEvent() {},
        end: end.signal,
      }),
    ).rejects.toMatchObject({ code: 'EXCHANGE_HIDDEN' });
  });
});
