import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { freePorts } from '../support/ports.ts';
import { CHECKOUT, qbtc, startQbtc } from '../support/qbtc.ts';
import { startRabbitMq } from '../support/rabbitmq.ts';

const resolve = createRequire(join(CHECKOUT, 'package.json')).resolve;
const AMQP = JSON.stringify(resolve('amqplib'));

/** A web server that publishes what it is sent, bare, with the id of the request in a header of its own. */
const API = `const { createServer } = require('node:http');
const amqp = require(${AMQP});
(async () => {
  const connection = await amqp.connect(process.env.BROKER);
  const channel = await connection.createConfirmChannel();
  const server = createServer(async (request, response) => {
    if (request.url === '/ready') return response.end();
    const requestId = request.headers['x-request-id'];
    console.log(JSON.stringify({ level: 'info', requestId, message: 'asked' }));
    let body = '';
    for await (const chunk of request) body += chunk;
    channel.publish('shop', 'order.created', Buffer.from(body), { headers: { 'x-request-id': requestId } });
    await channel.waitForConfirms();
    response.writeHead(202).end();
  });
  server.listen(Number(process.env.PORT), '127.0.0.1');
})();
`;
/** A worker that declares its own topology, as its account, and says what it has done in the field of the body alone. */
const WORKER = `const amqp = require(${AMQP});
(async () => {
  const connection = await amqp.connect(process.env.BROKER);
  const channel = await connection.createChannel();
  await channel.assertExchange('shop', 'direct', { durable: true });
  await channel.assertQueue('orders', { durable: true, deadLetterExchange: '', deadLetterRoutingKey: 'orders.dead' });
  await channel.assertQueue('orders.dead', { durable: true });
  await channel.bindQueue('orders', 'shop', 'order.created');
  await channel.consume('orders', (message) => {
    const requestId = message.properties.headers['x-request-id'];
    console.log('took an order, requestId=' + requestId);
    let order;
    try {
      order = JSON.parse(message.content.toString());
    } catch {
      return channel.nack(message, false, false);
    }
    channel.ack(message);
    channel.publish('shop', 'order.paid', Buffer.from(JSON.stringify({ id: order.id, requestId })));
  });
})();
`;
const FLOW = `name: order
tags: [smoke]
taps: [{ exchange: shop, routing_key: order.created }, { exchange: shop, routing_key: order.paid }]
steps:
  - kind: http
    hop: { subject: api, proves: the order was taken }
    request: { method: POST, url: "\${services.api.url}/orders", json: { id: 7 } }
    expect: { status: 202 }
  - kind: event
    hop: { subject: api, proves: it told of the order }
    event: { routing_key: order.created }
    expect: { json: { $.id: 7 }, headers: { X-Request-Id: "\${correlation_id}" } }
  - kind: log
    hop: { subject: worker, proves: the worker took it }
    of: worker
    expect: { json: { $.message: { contains: took an order } } }
  - kind: event
    hop: { subject: worker, proves: it was paid }
    event: { routing_key: order.paid }
    expect: { json: { $.id: 7, $.requestId: "\${correlation_id}" } }
`;
const DEAD = `name: dead-order
tags: [smoke]
steps:
  - kind: publish
    hop: { subject: broker, proves: the exchange of the stack takes what is no JSON }
    message: { routing_key: order.created, base64: /wD+ }
  - kind: consume
    hop: { subject: worker, proves: what it cannot read is a dead letter }
    queue: orders.dead
    expect: { body: /wD+, headers: { x-first-death-queue: orders } }
  - kind: queue
    hop: { subject: worker, proves: nothing is left }
    queue: orders
    expect: { messages: 0, consumers: 1 }
`;
const contract = (name: string, about: object) => ({
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  $id: `urn:qbtc:event:${name}:1`,
  'x-routing-key': name.replace('_', '.'),
  description: 'What has become of an order.',
  ...about,
  type: 'object',
  required: ['id'],
  properties: { id: { type: 'integer', description: 'Of the order.' } },
});

describe.each(['embedded', 'external'] as const)('with a broker that is %s', (provider) => {
  test('services with an exchange, messages and topology of their own run and are proven as they are', async (scope) => {
    const rabbit = provider === 'external' ? await startRabbitMq() : undefined;
    if (rabbit !== undefined && 'unavailable' in rabbit) return scope.skip(rabbit.unavailable);
    if (rabbit !== undefined) onTestFinished(() => rabbit.stop());
    const folder = await mkdtemp(join(tmpdir(), 'qbtc foreign '));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const [port = 0, management = 0, api = 0] = await freePorts(3);
    const write = async (files: Record<string, string>) => {
      for (const [name, text] of Object.entries(files)) {
        await mkdir(dirname(join(folder, name)), { recursive: true });
        await writeFile(join(folder, name), text);
      }
    };
    const broker =
      rabbit === undefined
        ? `{ kind: rabbitmq, provider: embedded, port: ${port}, management_port: ${management} }`
        : `{ kind: rabbitmq, provider: external, url: "${rabbit.amqpUrl}", management_url: "${rabbit.managementUrl}" }`;
    await write({
      'api.cjs': API,
      'worker.cjs': WORKER,
      'flows/order.yaml': FLOW,
      'flows/dead.yaml': DEAD,
      'event-schemas/order_created.json': JSON.stringify(contract('order_created', { 'x-queue': 'orders' })),
      'event-schemas/order_paid.json': JSON.stringify(contract('order_paid', {})),
      'qbtc.yaml': `version: 1
name: shop
infrastructure: { broker: ${broker} }
events: { exchange: shop, envelope: none }
correlation: { header: X-Request-Id, field: requestId }
flows: flows/*.yaml
services:
  worker:
    command: [node, worker.cjs]
    events: { resource: broker, consumes: [orders], publishes: [order.paid], declares: true }
    env: { BROKER: "\${resources.broker.url}" }
    health: { consumes: orders }
  api:
    command: [node, api.cjs]
    port: ${api}
    health: /ready
    metrics: false
    events: { resource: broker, publishes: [order.created] }
    env: { BROKER: "\${resources.broker.url}" }
    depends_on: [worker]
`,
    });
    const told = async (...args: string[]) => {
      const { code, stdout, stderr } = await qbtc(args, folder);
      return { code, stdout, said: `${args.join(' ')}: ${stdout}${stderr}` };
    };
    try {
      const up = await told('up');
      expect(up.code, up.said).toBe(0);
      const flows = await told('test', '--json');
      expect(flows.code, flows.said).toBe(0);
      const { flows: results } = JSON.parse(flows.stdout) as {
        flows: { name: string; correlationId: string }[];
      };
      const id = results.find(({ name }) => name === 'order')?.correlationId ?? '';
      const logs = await told('logs', '--correlation', id);
      expect(logs.stdout).toContain('asked');
      expect(logs.stdout).toContain('took an order');
      for (const args of [
        ['topology', 'check', '--strict'],
        ['topology', 'plan'],
        ['events', 'validate'],
      ]) {
        const result = await told(...args);
        expect(result.code, result.said).toBe(0);
      }
      const tail = startQbtc(['events', 'tail', 'order.created', '--count', '2', '--json'], folder);
      await expect.poll(tail.stderr).toContain('following');
      const published = await told(
        'events',
        'publish',
        'order_created',
        '--data',
        '{"id":9}',
        '--correlation',
        'r-9',
      );
      expect(published.code, published.said).toBe(0);
      const wrong = await told('events', 'publish', 'order_created', '--data', '{"id":"nine"}');
      expect(wrong.said).toContain('/id must be integer');
      await fetch(`http://127.0.0.1:${api}/orders`, {
        method: 'POST',
        body: '{"id":"ten"}',
        headers: { 'x-request-id': 'r-10' },
      });
      const seen = (await tail.ended).stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
      expect(seen).toMatchObject([
        { type: 'order_created', correlationId: 'r-9', event: { id: 9, requestId: 'r-9' } },
        { type: 'order_created', correlationId: 'r-10', problem: '/id must be integer' },
      ]);
      const score = JSON.parse((await told('score', '--json')).stdout);
      expect(score).toMatchObject({ profile: 'foreign' });
      expect(score.total, JSON.stringify(score, undefined, 1)).toBe(100);
    } finally {
      const down = await told('down', '--volumes');
      expect(down.code, down.said).toBe(0);
    }
  }, 240_000);
});
