import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { announce } from '../../src/discovery/announce.ts';
import { tailEvents } from '../../src/events/index.ts';
import type { Stack } from '../../src/model/stack.ts';
import { connectAmqp } from '../../src/system/amqp.ts';
import { quietContext } from '../support/quiet-context.ts';
import { emptyStack } from '../support/stack.ts';
import { type AmqpServer, embeddedServer, realServer } from './servers.ts';

/** A broker of a stack that declares no topology. */
describe.each([
  ['the embedded broker', embeddedServer],
  ['RabbitMQ', realServer],
] as const)('%s without the exchange of the template', (_, start) => {
  let broker: AmqpServer | undefined;
  let stack: Stack;
  const context = quietContext();
  const never = new AbortController().signal;

  beforeAll(async () => {
    broker = await start();
    if (broker !== undefined) stack = emptyStack('/stack', { resources: [broker.resource] });
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
    const connection = await connectAmqp(broker.resource.endpoint.url, { timeoutMs: 5_000, name: 'test' });
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
    const connection = await connectAmqp(broker.resource.endpoint.url, { timeoutMs: 5_000, name: 'test' });
    const publishing = connection.publish({ exchange: 'nowhere', routingKey: 'x' }, Buffer.from('{}'));
    await expect(publishing).rejects.toThrow(/no exchange 'nowhere'/);
    await expect(
      connection.publish({ exchange: '', routingKey: 'no-such-queue' }, Buffer.from('{}')),
    ).rejects.toMatchObject({ code: 'UNROUTED' });
    await connection.close();
  });
});
