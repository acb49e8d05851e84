import { connect } from 'amqplib';
import { Agent, request } from 'undici';
import { benchStack, quantile } from './support.ts';

// One chat request through gateway, llm-api, broker, quantum-core and back, beside the same number of bare request and
// reply round trips with amqplib over the same broker. Every request has a text of its own, so that none is cached.
const REQUESTS = 1_000;
const WARM_UP = 100;
const IN_FLIGHT = 32;

/** Durations in milliseconds, one request after the other. */
async function alone(ask: (index: number) => Promise<void>): Promise<number[]> {
  for (let index = 0; index < WARM_UP; index += 1) await ask(-index - 1);
  const durations: number[] = [];
  for (let index = 0; index < REQUESTS; index += 1) {
    const before = performance.now();
    await ask(index);
    durations.push(performance.now() - before);
  }
  return durations;
}

/** Requests a second with so many in flight. */
async function together(ask: (index: number) => Promise<void>): Promise<number> {
  let next = REQUESTS;
  const before = performance.now();
  await Promise.all(
    Array.from({ length: IN_FLIGHT }, async () => {
      while (next < 3 * REQUESTS) {
        next += 1;
        await ask(next);
      }
    }),
  );
  return (2 * REQUESTS) / ((performance.now() - before) / 1000);
}

async function bareRoundTrip(
  url: string,
): Promise<{ ask: (index: number) => Promise<void>; close: () => Promise<void> }> {
  const [client, server] = await Promise.all([
    connect(url, { noDelay: true }),
    connect(url, { noDelay: true }),
  ]);
  // What ends the stack ends them too; the reason is told by what was asked.
  for (const connection of [client, server]) connection.on('error', () => {});
  const [requests, replies] = await Promise.all([client.createChannel(), server.createChannel()]);
  const { queue } = await replies.assertQueue('', { exclusive: true });
  await replies.consume(queue, (message) => {
    if (message === null) return;
    const { replyTo, correlationId } = message.properties;
    replies.sendToQueue(String(replyTo), message.content, { correlationId: String(correlationId) });
    replies.ack(message);
  });
  const { queue: replyTo } = await requests.assertQueue('', { exclusive: true });
  const waiting = new Map<string, () => void>();
  await requests.consume(
    replyTo,
    (message) => {
      const id = String(message?.properties.correlationId);
      waiting.get(id)?.();
      waiting.delete(id);
    },
    { noAck: true },
  );
  const body = Buffer.alloc(512, 'x');
  return {
    ask: (index) =>
      new Promise((resolve) => {
        waiting.set(String(index), resolve);
        requests.sendToQueue(queue, body, { correlationId: String(index), replyTo });
      }),
    async close() {
      await Promise.all([client.close(), server.close()]);
    },
  };
}

const stack = await benchStack();
try {
  stack.qbtc('up');
  const { resources, secrets } = await stack.open();
  const url = (kind: string) => resources.find((resource) => resource.kind === kind)?.endpoint.url ?? '';
  const dispatcher = new Agent({ connections: IN_FLIGHT, pipelining: 1 });
  const headers = { authorization: `Bearer ${secrets['test-api-key']}`, 'content-type': 'application/json' };
  const chat = async (index: number) => {
    const content = `Request ${index}. The gateway checks keys. The broker keeps events. What does the broker do?`;
    const { statusCode, body } = await request(`${url('apisix')}/v1/chat/completions`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ model: 'qbtc-offline', messages: [{ role: 'user', content }] }),
      dispatcher,
    });
    const text = await body.text();
    if (statusCode !== 200) throw new Error(`${statusCode}: ${text}`);
  };
  const bare = await bareRoundTrip(url('rabbitmq'));
  const line = (name: string, durations: number[], rate: number) =>
    `${name}: p50 ${quantile(durations, 0.5).toFixed(2)} ms, p99 ${quantile(durations, 0.99).toFixed(2)} ms, ` +
    `${rate.toFixed(0)}/s with ${IN_FLIGHT} in flight\n`;
  const flow = line('the LLM flow', await alone(chat), await together(chat));
  const amqp = line('amqplib alone', await alone(bare.ask), await together(bare.ask));
  await bare.close();
  await dispatcher.close();
  process.stdout.write(
    `${flow}${amqp}(${REQUESTS} requests one after the other, after ${WARM_UP} to warm up)\n`,
  );
} finally {
  stack.remove();
}
