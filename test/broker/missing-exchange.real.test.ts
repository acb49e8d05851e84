import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { announce } from '../../src/discovery/announce.ts';
import { startBroker } from '../../src/embedded/broker/broker.ts';
import { tailEvents } from '../../src/events/index.ts';
import type { Stack } from '../../src/model/stack.ts';
import { connectAmqp } from '../../src/system/amqp.ts';
import { quietContext } from '../support/quiet-context.ts';
import { type AmqpAccess, startRabbitMq } from '../support/rabbitmq.ts';
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

/** A broker of a stack that declares no topology. */
describe.each([
  ['the embedded broker', embedded],
  ['RabbitMQ', startRabbitMq],
] as const)('%s without the exchange of the template', (_, start) => {
  let broker: Running | undefined;
  let stack: Stack;
  const context = quietContext();
  const never = new AbortController().signal;

  beforeAll(async () => {
    const started = await start();
    if ('unavailable' in started) return;
    broker = started;
    const { amqpUrl: url, managementUrl, user, password, vhost } = started;
    const endpoint = {
      ...{ url, host: '127.0.0.1', port: Number(new URL(url).port) },
      ...{ managementUrl, user, password, vhost },
    };
    stack = emptyStack('/stack', { resources: [{ name: 'broker', kind: 'rabbitmq', ports: {}, endpoint }] });
  }, 240_000);
  afterAll(async () => broker?.stop());

  const missing = (exchange: string) => ({
    code: 'EXCHANGE_MISSING',
    message: expect.stringContaining(`has no exchange ${exchange}`),
    hint: expect.stringContaining('topology'),
  });

  test('following events says which exchange is missing, and how to name another', async (scope) => {
    if (broker === undefined) return scope.skip();
    const tail = (exchange?: string) =>
      tailEvents(context, stack, {
        keys: ['#'],
        ...(exchange === undefined ? {} : { exchange }),
        onEvent() {},
        end: never,
      });
    await expect(tail()).rejects.toMatchObject(missing('qbtc.topic'));
    await expect(tail('shop')).rejects.toMatchObject(missing('shop'));
    await expect(tail('shop')).rejects.toMatchObject({ hint: expect.stringContaining('--exchange') });
  });

  test('an exchange of one’s own is followed without any contract', async (scope) => {
    if (broker === undefined) return scope.skip();
    const connection = await connectAmqp(broker.amqpUrl, { timeoutMs: 5_000, name: 'test' });
    const exchange = {
      name: 'own',
      type: 'topic' as const,
      durable: false,
      auto_delete: false,
      internal: false,
    };
    await connection.declareExchange({ ...exchange, arguments: {} });
    const events: unknown[] = [];
    await tailEvents(context, stack, {
      keys: ['#'],
      exchange: 'own',
      count: 1,
      onReady: () => void connection.publish({ exchange: 'own', routingKey: 'a.b' }, Buffer.from('{"a":1}')),
      onEvent: (event) => events.push(event),
      end: never,
    });
    await connection.close();
    expect(events).toMatchObject([{ exchange: 'own', routingKey: 'a.b', event: { a: 1 } }]);
    expect(events[0]).not.toHaveProperty('problem');
  });

  test('an announcement that cannot be said tells why', async (scope) => {
    if (broker === undefined) return scope.skip();
    const said = [{ key: 'service.registered' as const, data: { name: 'api', instance: 'api-1' } }];
    await expect(announce(context, stack, said)).rejects.toMatchObject(missing('qbtc.topic'));
  });

  test('what the broker refuses keeps its reason', async (scope) => {
    if (broker === undefined) return scope.skip();
    const connection = await connectAmqp(broker.amqpUrl, { timeoutMs: 5_000, name: 'test' });
    const publishing = connection.publish({ exchange: 'nowhere', routingKey: 'x' }, Buffer.from('{}'));
    await expect(publishing).rejects.toThrow(/no exchange 'nowhere'/);
    await expect(
      connection.publish({ exchange: '', routingKey: 'no-such-queue' }, Buffer.from('{}')),
    ).rejects.toMatchObject({ code: 'UNROUTED' });
    await connection.close();
  });
});
