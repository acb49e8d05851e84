import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningBroker, startBroker } from '../../src/embedded/broker/broker.ts';
import { openContracts, publishEvent, replayDeadLetters, tailEvents } from '../../src/events/index.ts';
import type { SeenEvent } from '../../src/model/event.ts';
import type { Stack } from '../../src/model/stack.ts';
import { connectAmqp } from '../../src/system/amqp.ts';
import { createReporter } from '../report/reporter.ts';
import { reachContext } from '../support/context.ts';
import { everyProperty } from '../support/every-property.ts';
import { emptyStack } from '../support/stack.ts';

const TEMPLATE = new URL('../../templates/stack/', import.meta.url).pathname.replace(/\/$/, '');
const context = { ...reachContext(), amqp: connectAmqp };

let broker: RunningBroker;
let stack: Stack;
let url: string;

beforeAll(async () => {
  const account = { user: 'acme', password: randomUUID(), vhost: 'acme' };
  broker = await startBroker({ host: '127.0.0.1', port: 0, managementPort: 0, ...account }, () => {});
  url = `amqp://acme:${account.password}@127.0.0.1:${broker.port}/acme`;
  const endpoint = { url, host: '127.0.0.1', port: broker.port, ...account };
  stack = emptyStack(TEMPLATE, { resources: [{ name: 'broker', kind: 'rabbitmq', ports: {}, endpoint }] });
  const connection = await connectAmqp(url, { timeoutMs: 5000, name: 'test' });
  const queue = { durable: true, auto_delete: false };
  for (const name of ['qbtc.topic', 'dead'])
    await connection.declareExchange({ name, type: 'topic', ...queue, internal: false, arguments: {} });
  for (const name of ['q', 'q_dead', 'other'])
    await connection.declareQueue({
      name,
      ...queue,
      arguments: name === 'q' ? { 'x-dead-letter-exchange': 'dead', 'x-message-ttl': 60_000 } : {},
    });
  const bind = (source: string, destination: string) =>
    connection.bind({ source, destination, destination_type: 'queue', routing_key: '#', arguments: {} });
  await bind('qbtc.topic', 'q');
  await bind('qbtc.topic', 'other');
  await bind('dead', 'q_dead');
  await connection.close();
});
afterAll(() => broker.close());

const DATA = { name: 'llm-api', instance: 'llm-api-1', reason: 'stopped' };

describe('events', () => {
  it('are followed by key, type and correlation id, and stay with their consumers', async () => {
    const { files, contracts } = await openContracts(stack);
    const follow = async (filter: {
      keys: string[];
      type?: string;
      correlationId?: string;
      count: number;
    }) => {
      const events: SeenEvent[] = [];
      let ready: () => void = () => {};
      const started = new Promise<void>((resolve) => {
        ready = resolve;
      });
      const ended = tailEvents(context, stack, {
        ...filter,
        contracts,
        onReady: ready,
        onEvent: (event) => events.push(event),
        end: new AbortController().signal,
      });
      await started;
      return ended.then(() => events);
    };
    // Not awaited here: they end once they have seen enough.
    const following = [
      follow({ keys: ['service.*'], count: 3 }),
      follow({ keys: ['#'], correlationId: 'c-2', count: 1 }),
      follow({ keys: ['#'], type: 'web_ui_update', count: 1 }),
    ];
    await expect.poll(() => connections()).toBeGreaterThanOrEqual(3);
    const publish = (type: string, data: unknown, correlationId: string) =>
      publishEvent(context, stack, { files, contracts }, { type, data, correlationId });
    await publish('service_gone', DATA, 'c-1');
    await publish('web_ui_update', { topic: 'services', patch: {} }, 'c-2');
    await publish('service_gone', DATA, 'c-3');
    const raw = await connectAmqp(url, { timeoutMs: 5000, name: 'test' });
    await raw.publish({ exchange: 'qbtc.topic', routingKey: 'service.gone' }, Buffer.from('no json'));
    const [all, one, typed] = await Promise.all(following);
    expect(all?.map(({ type, correlationId, problem }) => ({ type, correlationId, problem }))).toEqual([
      { type: 'service_gone', correlationId: 'c-1', problem: undefined },
      { type: 'service_gone', correlationId: 'c-3', problem: undefined },
      { type: undefined, correlationId: undefined, problem: 'is not JSON' },
    ]);
    expect(one?.map(({ type }) => type)).toEqual(['web_ui_update']);
    expect(typed?.map(({ correlationId }) => correlationId)).toEqual(['c-2']);
    expect((await raw.inspectQueue('q'))?.messages).toBe(4);
    await (await raw.hold('q', 10)).acknowledge();
    await raw.close();
  });

  it('are told as they passed: numbers with their digits, and bytes that are no text as base64', async () => {
    const bodies = [
      Buffer.from(
        '{"type":"tick","data":{"id":9007199254740993,"price":0.10000000000000000001,"at":-62135596800001}}',
      ),
      Buffer.from([0xff, 0x00, 0xc3, 0x28]),
      // JSON is UTF-8 (RFC 8259, section 8.1): a text of other bytes would be another text.
      Buffer.from([...Buffer.from('{"name":"caf'), 0xe9, ...Buffer.from('"}')]),
      Buffer.from('gr\u00fc\u00dfe'),
    ];
    const print = createReporter('json-lines', { width: 80, color: false, verbose: false });
    const printed: string[] = [];
    const raw = await connectAmqp(url, { timeoutMs: 5000, name: 'test' });
    await tailEvents(context, stack, {
      keys: ['as.it.is'],
      count: bodies.length,
      onReady: async () => {
        for (const body of bodies)
          await raw.publish({ exchange: 'qbtc.topic', routingKey: 'as.it.is' }, body);
      },
      onEvent: (event) => printed.push(print({ kind: 'event', ...event })),
      end: new AbortController().signal,
    });
    expect((await raw.inspectQueue('q'))?.messages).toBe(bodies.length);
    await (await raw.hold('q', 10)).acknowledge();
    await raw.close();
    expect(printed[0]).toContain(
      '"data":{"id":9007199254740993,"price":0.10000000000000000001,"at":-62135596800001}',
    );
    const rest = printed.slice(1).map((line) => JSON.parse(line));
    expect(rest).toMatchObject([
      { problem: 'is not JSON', base64: bodies[1]?.toString('base64') },
      { problem: 'is not JSON', base64: bodies[2]?.toString('base64') },
      { problem: 'is not JSON', text: 'gr\u00fc\u00dfe' },
    ]);
    for (const line of rest) expect(line).not.toHaveProperty('event');
  });

  it('are not published when they are unknown, wrong, or would reach nobody', async () => {
    const contracts = await openContracts(stack);
    const publish = (type: string, data: unknown, more = {}) =>
      publishEvent(context, stack, contracts, { type, data, ...more });
    await expect(publish('service_gon', DATA)).rejects.toMatchObject({
      code: 'EVENT_UNKNOWN',
      hint: 'did you mean service_gone?',
    });
    await expect(publish('service_gone', { ...DATA, reason: 1 })).rejects.toMatchObject({
      code: 'EVENT_INVALID',
      message: expect.stringContaining('/reason must be equal to one of the allowed values'),
    });
    await expect(
      publish('trading_signal', { kind: 'error', index: 0, answer: 'a', error: { code: 'x', message: 'y' } }),
    ).rejects.toMatchObject({ code: 'EVENT_UNROUTABLE' });
    await expect(publish('service_gone', DATA, { exchange: 'dead-end' })).rejects.toMatchObject({
      code: 'EVENT_UNROUTABLE',
    });
  });
});

describe('dead letters', () => {
  it('go back into the one queue that they came from, the others stay', async () => {
    const connection = await connectAmqp(url, { timeoutMs: 5000, name: 'test' });
    const { files, contracts } = await openContracts(stack);
    const ids: string[] = [];
    for (const correlationId of ['a', 'b', 'c']) {
      const event = { type: 'service_gone', data: DATA, correlationId };
      ids.push((await publishEvent(context, stack, { files, contracts }, event)).id);
    }
    await reject(3);
    await expect.poll(async () => (await connection.inspectQueue('q_dead'))?.messages).toBe(3);
    const others = (await connection.inspectQueue('other'))?.messages;
    const options = { from: 'q_dead', limit: 100, rate: 1000, dryRun: false };
    const dry = await replayDeadLetters(context, stack, { ...options, dryRun: true, correlationId: 'b' });
    expect(dry.map(({ status }) => status)).toEqual(['kept', 'would be replayed', 'kept']);
    expect(dry[1]).toMatchObject({
      id: ids[1],
      type: 'service_gone',
      reason: 'the broker: rejected',
      origin: { queue: 'q', exchange: 'qbtc.topic', routingKey: 'service.gone' },
    });
    expect((await connection.inspectQueue('q_dead'))?.messages).toBe(3);
    const done = await replayDeadLetters(context, stack, { ...options, correlationId: 'b' });
    expect(done.map(({ status }) => status)).toEqual(['kept', 'replayed', 'kept']);
    expect((await connection.inspectQueue('q_dead'))?.messages).toBe(2);
    expect((await connection.inspectQueue('other'))?.messages).toBe(others);
    const held = await connection.hold('q', 10);
    expect(held.messages).toHaveLength(1);
    const [message] = held.messages;
    expect(message?.properties.headers).toEqual({ 'x-replays': 1 });
    expect(JSON.parse(message?.content.toString() ?? '').id).toBe(ids[1]);
    await held.acknowledge();
    await held.release();
    await expect(replayDeadLetters(context, stack, { ...options, from: 'q_none' })).rejects.toMatchObject({
      code: 'QUEUE_MISSING',
    });
    await connection.close();
  });

  it('go back byte for byte, to that queue alone, also where their headers ask for copies elsewhere', async () => {
    const connection = await connectAmqp(url, { timeoutMs: 5000, name: 'test' });
    const others = (await connection.inspectQueue('other'))?.messages;
    const properties = everyProperty(
      { correlation_id: 'bytes' },
      { CC: { type: 'array', value: [{ type: 'longstr', value: 'other' }] } },
    );
    const dead = (await connection.inspectQueue('q_dead'))?.messages ?? 0;
    // No JSON, no UTF-8: bodies are bytes.
    const content = Buffer.from([0xff, 0x00, 0xc3, 0x28]);
    await connection.publishAll('', [{ exchange: '', routingKey: 'q', properties, content }]);
    await reject(1);
    await expect.poll(async () => (await connection.inspectQueue('q_dead'))?.messages).toBe(dead + 1);
    const options = { from: 'q_dead', limit: 100, rate: 1000, dryRun: false, correlationId: 'bytes' };
    const letters = await replayDeadLetters(context, stack, options);
    expect(letters.filter(({ status }) => status !== 'kept')).toMatchObject([{ status: 'replayed' }]);
    const held = await connection.hold('q', 10);
    expect(held.messages.map((message) => message.content)).toEqual([content]);
    expect(held.messages[0]?.properties.withHeaders({}, (name) => name === 'x-replays').bytes).toEqual(
      properties.bytes,
    );
    expect((await connection.inspectQueue('other'))?.messages).toBe((others ?? 0) + 1);
    await held.acknowledge();
    await held.release();
    await connection.close();
  });
});

async function reject(count: number): Promise<void> {
  const { default: amqp } = await import('amqplib');
  const connection = await amqp.connect(url);
  const channel = await connection.createChannel();
  for (let left = count; left > 0; left -= 1) {
    const message = await channel.get('q');
    if (message !== false) channel.reject(message, false);
  }
  await channel.close();
  await connection.close();
}

async function connections(): Promise<number> {
  const { password = '' } = stack.resources[0]?.endpoint ?? {};
  const response = await fetch(`http://127.0.0.1:${broker.managementPort}/api/consumers`, {
    headers: { authorization: `Basic ${Buffer.from(`acme:${password}`).toString('base64')}` },
  });
  return ((await response.json()) as unknown[]).length;
}
