import { randomUUID } from 'node:crypto';
import { connect } from 'amqplib';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startBroker } from '../../src/embedded/broker/broker.ts';
import { startRedis } from '../../src/embedded/redis/server.ts';
import { runFlows } from '../../src/flow/index.ts';
import { connectAmqp } from '../../src/system/amqp.ts';
import { connectRedis } from '../../src/system/redis.ts';
import { freePorts } from '../support/ports.ts';
import { chain } from './chain.ts';

const subjects = { readLog: async () => [], answers: async () => true };

async function broker() {
  const account = { user: 'tester', password: randomUUID(), vhost: 'acme' };
  const running = await startBroker({ host: '127.0.0.1', port: 0, managementPort: 0, ...account }, () => {});
  onTestFinished(() => running.close());
  const url = `amqp://tester:${account.password}@127.0.0.1:${running.port}/acme`;
  const client = await connect(url);
  onTestFinished(() => client.close());
  const channel = await client.createConfirmChannel();
  await channel.assertExchange('qbtc.topic', 'topic');
  await channel.assertQueue('q');
  await channel.bindQueue('q', 'qbtc.topic', 'job.new');
  return { url, channel };
}

describe('an event that is published', () => {
  const FLOW = `
name: published
steps:
  - kind: publish
    hop: { subject: broker, proves: the broker took it }
    event: { type: job, routing_key: job.new, data: { number: 7 } }
    capture: { id: $.id }
  - kind: consume
    hop: { subject: broker, proves: it lies in the queue }
    queue: q
    expect: { json: { $.exchange: qbtc.topic, $.content.id: "\${captures.id}", $.content.data.number: 7 } }
    every: 50ms
    within: WITHIN
`;

  test('is taken out of the queue, and all others stay in their order', async () => {
    const { url, channel } = await broker();
    for (const text of ['no JSON', '{"correlationid":"other"}']) channel.publish('', 'q', Buffer.from(text));
    await channel.waitForConfirms();
    const { context, stack } = await chain({
      flow: FLOW.replace('WITHIN', '5s'),
      behaviour: () => {},
      amqp: (_, options) => connectAmqp(url, options),
    });
    const [result] = await runFlows(context, stack, { subjects });
    expect(result?.stoppedAt).toBeUndefined();
    const left = [await channel.get('q', { noAck: true }), await channel.get('q', { noAck: true })];
    expect(left.map((message) => (message ? message.content.toString() : ''))).toEqual([
      'no JSON',
      '{"correlationid":"other"}',
    ]);
    expect(await channel.get('q')).toBe(false);
  });

  test('or not, and the flow says what was there instead, or that nobody takes it', async () => {
    const { url, channel } = await broker();
    await channel.unbindQueue('q', 'qbtc.topic', 'job.new');
    const { context, stack } = await chain({
      flow: FLOW.replace('WITHIN', '100ms'),
      behaviour: () => {},
      amqp: (_, options) => connectAmqp(url, options),
    });
    const [unroutable] = await runFlows(context, stack, { subjects });
    expect(unroutable?.stoppedAt?.reason).toContain('no queue is bound to qbtc.topic');
    await channel.bindQueue('q', 'qbtc.topic', 'job.other');
    const [elsewhere] = await runFlows(context, stack, { subjects });
    expect(elsewhere?.status).toBe('failed');
  });
});

test('a cache is asked until its reply is as expected', async () => {
  const [port = 0] = await freePorts(1);
  const password = randomUUID();
  const server = await startRedis({ host: '127.0.0.1', port, password }, () => {});
  onTestFinished(() => server.close());
  const url = `redis://:${password}@127.0.0.1:${port}`;
  const connection = await connectRedis(url, { timeoutMs: 5000 });
  onTestFinished(() => connection.close());
  const flow = (key: string, expectation: string) => `
name: cached
steps:
  - kind: redis
    hop: { subject: cache, proves: it was kept }
    command: [GET, "${key}"]
    expect: ${expectation}
    every: 20ms
    within: 200ms
`;
  const ask = async (key: string, expectation: string) => {
    const { context, stack } = await chain({
      flow: flow(key, expectation),
      behaviour: () => {},
      redis: (_, options) => connectRedis(url, options),
    });
    const [result] = await runFlows(context, stack, { subjects });
    return result;
  };
  await connection.command('set', 'kept', '{"answer":42}');
  expect(await ask('kept', '{ json: { $.answer: 42 } }')).toMatchObject({ status: 'passed' });
  expect(await ask('kept', '{ value: { contains: answer } }')).toMatchObject({ status: 'passed' });
  expect((await ask('kept', '{ json: { $.answer: 7 } }'))?.stoppedAt?.reason).toContain(
    '$.answer is 42, expected 7',
  );
  expect((await ask('gone', '{ value: { exists: true } }'))?.stoppedAt?.reason).toContain(
    'the reply is missing',
  );
});
