import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { DISCOVERY_QUEUE } from '../../src/broker/exchanges.ts';
import { announce, announcementsOf } from '../../src/discovery/announce.ts';
import { ANNOUNCED, type AnnouncedKey } from '../../src/discovery/announcements.ts';
import { discover } from '../../src/discovery/discover.ts';
import { watchServices } from '../../src/discovery/watch/index.ts';
import { startBroker } from '../../src/embedded/broker/broker.ts';
import type { ServiceChange } from '../../src/model/discovery.ts';
import type { Stack } from '../../src/model/stack.ts';
import { connectAmqp } from '../../src/system/amqp.ts';
import { quietContext } from '../support/quiet-context.ts';
import { type AmqpAccess, startRabbitMq } from '../support/rabbitmq.ts';
import { scriptedServer } from '../support/scripted-server.ts';
import { emptyStack } from '../support/stack.ts';

type Running = AmqpAccess & { stop(): Promise<void> };

async function embedded(): Promise<Running> {
  const account = { user: 'acme', password: randomUUID(), vhost: 'acme' };
  const broker = await startBroker({ host: '127.0.0.1', port: 0, managementPort: 0, ...account }, () => {});
  return {
    ...account,
    amqpUrl: `amqp://acme:${account.password}@127.0.0.1:${broker.port}/acme`,
    managementUrl: `http://127.0.0.1:${broker.managementPort}`,
    stop: () => broker.close(),
  };
}

describe.each([
  ['the embedded broker', embedded],
  ['RabbitMQ', startRabbitMq],
] as const)('%s', (_, start) => {
  let broker: Running | undefined;
  let stack: Stack;
  const context = quietContext();

  beforeAll(async () => {
    const started = await start();
    if ('unavailable' in started) return;
    broker = started;
    const { amqpUrl: url, managementUrl, user, password, vhost } = started;
    const port = Number(new URL(url).port);
    const endpoint = { url, host: '127.0.0.1', port, managementUrl, user, password, vhost };
    stack = emptyStack('/stack', { resources: [{ name: 'broker', kind: 'rabbitmq', ports: {}, endpoint }] });
    const connection = await connectAmqp(url, { timeoutMs: 5000, name: 'test' });
    const durable = { durable: true, auto_delete: false, arguments: {} };
    await connection.declareExchange({ name: 'qbtc.topic', type: 'topic', internal: false, ...durable });
    await connection.declareQueue({ name: DISCOVERY_QUEUE, ...durable });
    for (const routing_key of Object.keys(ANNOUNCED))
      await connection.bind({
        source: 'qbtc.topic',
        destination: DISCOVERY_QUEUE,
        destination_type: 'queue',
        routing_key,
        arguments: {},
      });
    await connection.close();
  }, 240_000);
  afterAll(async () => broker?.stop());

  /** As a service announces itself. */
  async function say(key: AnnouncedKey, data: object, time = new Date().toISOString()): Promise<void> {
    const connection = await connectAmqp(broker?.amqpUrl ?? '', { timeoutMs: 5000, name: 'shop' });
    const event = { type: ANNOUNCED[key], source: 'shop', time, data };
    await connection.publish({ exchange: 'qbtc.topic', routingKey: key }, Buffer.from(JSON.stringify(event)));
    await connection.close();
  }

  async function shop() {
    const server = await scriptedServer((_request, response) => response.end('{"service":"shop"}'));
    onTestFinished(() => server.close());
    const port = Number(new URL(server.url).port);
    return { name: 'shop', instance: `shop-${port}`, host: '127.0.0.1', port, protocol: 'http' };
  }
  const look = async () =>
    (await discover(context, stack, { sources: ['bus'] })).services.find(({ name }) => name === 'shop');

  test('what was announced before we came is found, as often as we look, by several at once', async (scope) => {
    if (broker === undefined) return scope.skip();
    const one = await shop();
    await say('service.registered', one);
    const all = await Promise.all([look(), look(), look()]);
    for (const found of [...all, await look()])
      expect(found).toMatchObject({
        origin: 'announced',
        condition: 'healthy',
        route: { uris: ['/api/shop', '/api/shop/*'] },
        instances: [{ id: one.instance, address: { port: one.port } }],
      });
    await say('service.gone', { name: 'shop', instance: one.instance, reason: 'stopped' });
    expect(await look()).toBeUndefined();
  });

  test('consumers are joined with their process, or named by their account and connection', async (scope) => {
    if (broker === undefined) return scope.skip();
    const connection = await connectAmqp(broker.amqpUrl, { timeoutMs: 5000, name: 'worker' });
    onTestFinished(() => connection.close());
    await connection.tap([{ exchange: 'qbtc.topic', routingKey: 'x' }], () => {});
    let found: Awaited<ReturnType<typeof discover>>['services'][number] | undefined;
    // The management API of RabbitMQ tells of a connection when it has counted.
    for (let tries = 0; tries < 100 && found === undefined; tries += 1) {
      const { services } = await discover(context, stack, { sources: ['rabbitmq'] });
      found = services.find(({ name }) => name === 'worker');
      if (found === undefined) await sleep(100);
    }
    expect(found).toMatchObject({
      origin: 'guessed',
      condition: 'unknown',
      instances: [{ pid: process.pid, address: undefined }],
    });
    expect(found?.evidence[0]?.found).toMatch(
      /^connection "worker" \(account \w+, amqplib .*\) consumes amq\.gen/,
    );
    expect(JSON.stringify(found)).not.toContain(broker.password);
  });

  test('our own announcements are heard, and are no evidence', async (scope) => {
    if (broker === undefined) return scope.skip();
    const one = { ...(await shop()), protocol: 'http' as const, health: '/health' };
    await announce(
      context,
      stack,
      announcementsOf([], [one], () => 'stopped'),
    );
    expect(await look()).toBeUndefined();
  });

  test('a watch hears a service come and say goodbye', async (scope) => {
    if (broker === undefined) return scope.skip();
    const one = await shop();
    const said: ServiceChange[] = [];
    const end = new AbortController();
    const heard = (change: ServiceChange['change']) => said.some((each) => each.change === change);
    const watching = watchServices(
      context,
      { ...stack, discovery: { ...stack.discovery, drain: 0.2 } },
      {
        sources: ['bus'],
        end: end.signal,
        async onLook({ changes }) {
          said.push(...changes);
          return true;
        },
      },
    );
    const until = async (change: ServiceChange['change']) => {
      for (let tries = 0; tries < 400 && !heard(change); tries += 1) await sleep(25);
    };
    await say('service.registered', one);
    await until('appeared');
    await say('service.gone', { name: 'shop', instance: one.instance, reason: 'stopped' });
    await until('gone');
    end.abort();
    await watching;
    expect(said.map(({ change }) => change)).toEqual(['appeared', 'draining', 'gone']);
  });
});

test('a broker without a management API, and one that is not there, are told', async () => {
  const endpoint = { url: 'amqp://a:b@127.0.0.1:1/a', host: '127.0.0.1', port: 1 };
  const stack = emptyStack('/stack', {
    resources: [{ name: 'broker', kind: 'rabbitmq', ports: {}, endpoint }],
  });
  const { sources } = await discover(quietContext(), stack, { sources: ['rabbitmq', 'bus'] });
  expect(sources).toMatchObject([
    { source: 'rabbitmq', state: 'absent', reason: expect.stringContaining('no management API') },
    { source: 'bus', state: 'failed', reason: expect.stringContaining('ECONNREFUSED') },
  ]);
});
