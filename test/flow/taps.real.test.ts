import { connect } from 'amqplib';
import { expect, onTestFinished, test } from 'vitest';
import { startBroker } from '../../src/embedded/broker/broker.ts';
import { runFlows } from '../../src/flow/index.ts';
import { connectAmqp } from '../../src/system/amqp.ts';
import { chain } from './chain.ts';

const FLOW = `
name: tapped
taps: [{ exchange: work, routing_key: "job.*" }]
steps:
  - kind: http
    hop: { subject: gateway, proves: the request was taken }
    request: { url: "\${gateway.url}/", headers: { x-correlation-id: "\${correlation_id}" } }
  - kind: event
    hop: { subject: llm-api, proves: the job was published }
    event: { type: job, exchange: work, routing_key: job.new }
    expect: { json: { $.data.number: 7 } }
`;

test('a tap sees what its consumer gets, and takes nothing from it', async () => {
  const account = { user: 'tester', password: 'a-password', vhost: 'acme' };
  const broker = await startBroker({ host: '127.0.0.1', port: 0, managementPort: 0, ...account }, () => {});
  onTestFinished(() => broker.close());
  const url = `amqp://${account.user}:${account.password}@127.0.0.1:${broker.port}/${account.vhost}`;
  const client = await connect(url);
  const channel = await client.createConfirmChannel();
  await channel.assertExchange('work', 'topic');
  await channel.assertQueue('jobs');
  await channel.bindQueue('jobs', 'work', 'job.new');

  const { context, stack } = await chain({
    flow: FLOW,
    behaviour: ({ response, correlationId }) => {
      const event = { specversion: '1.0', type: 'job', correlationid: correlationId, data: { number: 7 } };
      channel.publish('work', 'job.new', Buffer.from(JSON.stringify(event)), {}, () => response.end('{}'));
    },
    amqp: (_, options) => connectAmqp(url, options),
  });
  const [result] = await runFlows(context, stack, {
    subjects: { readLog: async () => [], linesAbout: async () => [], answers: async () => true },
  });

  expect(result).toMatchObject({ status: 'passed' });
  const message = await channel.get('jobs', { noAck: true });
  expect(message && JSON.parse(message.content.toString()).correlationid).toBe(result?.correlationId);
  await client.close();
});

test('a tap on an exchange that is not there names the broker', async () => {
  const account = { user: 'tester', password: 'a-password', vhost: 'acme' };
  const broker = await startBroker({ host: '127.0.0.1', port: 0, managementPort: 0, ...account }, () => {});
  onTestFinished(() => broker.close());
  const url = `amqp://${account.user}:${account.password}@127.0.0.1:${broker.port}/${account.vhost}`;
  const { context, stack } = await chain({
    flow: FLOW,
    behaviour: ({ response }) => response.end('{}'),
    amqp: (_, options) => connectAmqp(url, options),
  });
  const [result] = await runFlows(context, stack, {
    subjects: { readLog: async () => [], linesAbout: async () => [], answers: async () => true },
  });
  expect(result?.stoppedAt).toMatchObject({
    hop: 2,
    subject: 'broker',
    reason: expect.stringContaining("'work'"),
  });
});
