import { randomUUID } from 'node:crypto';
import { startPostgres } from '@stack/testing/postgres';
import { connect } from 'amqplib';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startBroker } from '../../src/embedded/broker/broker.ts';
import { startRedis } from '../../src/embedded/redis/server.ts';
import { runFlows } from '../../src/flow/index.ts';
import { connectAmqp } from '../../src/system/amqp.ts';
import { connectRedis } from '../../src/system/redis.ts';
import { connectSql } from '../../src/system/sql.ts';
import { freePorts } from '../support/ports.ts';
import { chain } from './chain.ts';

const subjects = { readLog: async () => [], linesAbout: async () => [], answers: async () => true };

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

describe('an id beyond 2^53', () => {
  // 2^53 + 1: a double rounds it to 9007199254740992.
  const ID = '9007199254740993';
  const PRICE = '12345678901234567.89';
  const FLOW = `
name: travelling
steps:
  - kind: http
    hop: { subject: gateway, proves: the number of the file is sent and comes back }
    request: { method: POST, url: "\${gateway.url}/echo", json: { id: ${ID}, price: ${PRICE}, "$\${key}": "$\${name}" } }
    expect: { json: { $.id: ${ID}, $.price: ${PRICE} }, body: { contains: '"$\${key}":"$\${name}"' } }
    capture: { id: $.id, price: $.price }
  - kind: publish
    hop: { subject: broker, proves: it is published }
    event: { type: job, routing_key: job.new, data: { id: "\${captures.id}", price: "\${captures.price}" } }
  - kind: consume
    hop: { subject: broker, proves: it was published as it is }
    queue: q
    expect: { json: { $.content.data.id: ${ID}, $.content.data.price: ${PRICE} } }
    capture: { again: $.content.data.id }
  - kind: sql
    hop: { subject: database, proves: the database takes it and counts }
    query: >-
      select $1::int8 as id, $2::numeric as price, $3::jsonb as document, array[$1::int8, null] as list, count(*) as rows,
      null::int8 as nothing, '2.50'::numeric as short, 'NaN'::numeric as nan, sum(3) as sum
    values: ["\${captures.again}", "\${captures.price}", { id: "\${captures.id}" }]
    expect:
      rows: 1
      json:
        "$[0].id": ${ID}
        "$[0].price": ${PRICE}
        "$[0].document.id": { equals: "\${captures.id}", type: integer }
        "$[0].list": { equals: [${ID}, null] }
        "$[0].rows": { equals: 1, at_least: 1, less_than: "\${captures.id}" }
        "$[0].nothing": null
        "$[0].short": { equals: 2.5 }
        "$[0].nan": NaN
        "$[0].sum": 3
`;

  test('passes through HTTP, the broker and the database with each of its digits', async () => {
    const { url, channel } = await broker();
    const postgres = await startPostgres();
    onTestFinished(() => postgres.stop());
    const { context, stack } = await chain({
      flow: FLOW,
      behaviour: ({ body, response }) => response.setHeader('content-type', 'application/json').end(body),
      amqp: (_, options) => connectAmqp(url, options),
      sql: (_, options) => connectSql(postgres.url, options),
    });
    const [result] = await runFlows(context, stack, { subjects });
    expect(result?.stoppedAt).toBeUndefined();
    expect(await channel.get('q')).toBe(false);
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
