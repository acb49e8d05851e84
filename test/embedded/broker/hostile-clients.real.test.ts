import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import amqp from 'amqplib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningBroker, startBroker } from '../../../src/embedded/broker/broker.ts';
import { FRAME } from '../../../src/embedded/broker/codec/frames.ts';
import { eventually } from '../../conformance/broker/harness.ts';
import { frame, method, PROTOCOL_HEADER, RawClient } from '../../conformance/broker/raw-client.ts';
import type { AmqpAccess } from '../../support/rabbitmq.ts';

const account = { user: 'tester', password: 'only for this test', vhost: '/' };
let broker: RunningBroker;
let access: AmqpAccess;
const internalErrors: unknown[] = [];

beforeAll(async () => {
  broker = await startBroker(
    { host: '127.0.0.1', port: 0, managementPort: 0, metricsPort: 0, ...account },
    (_, message, context) => {
      if (message === 'internal error') internalErrors.push(context);
    },
  );
  access = {
    ...account,
    amqpUrl: `amqp://127.0.0.1:${broker.port}`,
    managementUrl: `http://127.0.0.1:${broker.managementPort}`,
  };
});

afterAll(() => broker.close());

/** The broker still serves an honest client. */
async function serves(): Promise<void> {
  const connection = await amqp.connect(
    { hostname: '127.0.0.1', port: broker.port, username: account.user, password: account.password },
    { noDelay: true },
  );
  const channel = await connection.createConfirmChannel();
  const { queue } = await channel.assertQueue('', { exclusive: true });
  channel.sendToQueue(queue, Buffer.from('x'));
  await channel.waitForConfirms();
  expect((await channel.checkQueue(queue)).messageCount).toBe(1);
  await connection.close();
}

async function throwAt(bytes: Buffer, open: boolean): Promise<void> {
  let socket: Socket;
  if (open) socket = (await RawClient.open(access)).socket;
  else {
    socket = connect(broker.port, '127.0.0.1');
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    socket.write(PROTOCOL_HEADER);
  }
  socket.on('error', () => undefined);
  socket.write(bytes);
  // An answer, or the next turn of both ends: whatever it does, it has been done by then.
  await new Promise((resolve) => {
    socket.once('data', resolve);
    socket.once('close', resolve);
    setTimeout(resolve, 3);
  });
  socket.destroy();
}

const bytes = fc.uint8Array({ maxLength: 120 }).map((array) => Buffer.from(array));
const anyFrame = fc
  .tuple(fc.constantFrom<number>(...Object.values(FRAME), 0, 255), fc.nat({ max: 3 }), bytes)
  .map(([type, channel, payload]) => frame(type, channel, payload));
const someMethod = fc
  .tuple(
    fc.constantFrom(10, 20, 30, 40, 50, 60, 85, 90, 99),
    fc.constantFrom(10, 11, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120),
    bytes,
  )
  .map(([classId, id, rest]) =>
    frame(FRAME.method, 1, Buffer.concat([Buffer.from([0, classId, 0, id]), rest])),
  );
const publish = method(1, 'basic.publish', {
  ticket: 0,
  exchange: 'amq.headers',
  routingKey: 'k',
  mandatory: true,
  immediate: false,
});
/** A publish whose properties are anything at all. */
const someContent = bytes.map((properties) => {
  const header = Buffer.alloc(12);
  header.writeUInt16BE(60, 0);
  return Buffer.concat([publish, frame(FRAME.header, 1, Buffer.concat([header, properties]))]);
});

describe('a client that does not keep to the protocol', () => {
  it.each([
    ['before the handshake', false, fc.oneof(bytes, anyFrame)],
    [
      'with any frames',
      true,
      fc.array(anyFrame, { minLength: 1, maxLength: 4 }).map((list) => Buffer.concat(list)),
    ],
    ['with any arguments', true, someMethod],
    ['with any properties', true, someContent],
  ])(
    'does no harm %s',
    async (_, open, arbitrary) => {
      await fc.assert(
        fc.asyncProperty(arbitrary, (input) => throwAt(input, open)),
        { numRuns: 100 },
      );
      expect(internalErrors).toEqual([]);
      await serves();
    },
    60_000,
  );

  it('is answered with the code of the specification for what cannot be decoded', async () => {
    const client = await RawClient.open(access);
    const header = Buffer.alloc(14);
    header.writeUInt16BE(60, 0);
    header.writeUInt16BE(0x8000, 12);
    client.send(publish, frame(FRAME.header, 1, header));
    expect(await client.closedBy()).toMatchObject({ code: 502, method: '60.40' });
    const other = await RawClient.open(access);
    other.send(frame(FRAME.method, 1, Buffer.from([0, 99, 0, 1])));
    expect(await other.closedBy()).toMatchObject({
      code: 503,
      text: 'COMMAND_INVALID - unknown method {99,1}',
    });
  });

  it('is refused a message larger than any may be before it has sent it', async () => {
    const client = await RawClient.open(access);
    const header = Buffer.alloc(14);
    header.writeUInt16BE(60, 0);
    header.writeUInt32BE(1, 4);
    client.send(publish, frame(FRAME.header, 1, header));
    expect(await client.expect('channel.close')).toMatchObject({ replyCode: 406 });
    client.end();
  });

  it('is dropped when it does not finish the handshake', async () => {
    const socket = connect(broker.port, '127.0.0.1');
    socket.write('AMQ');
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.end();
    await closed;
    await serves();
  });
});

describe('a client that never reads', () => {
  it('is delivered no more than it takes', async () => {
    const publisher = await amqp.connect(
      { hostname: '127.0.0.1', port: broker.port, username: account.user, password: account.password },
      { noDelay: true },
    );
    const channel = await publisher.createConfirmChannel();
    const { queue } = await channel.assertQueue('never-read', { autoDelete: false });
    const client = await RawClient.open(access);
    client.socket.pause();
    client.send(
      method(1, 'basic.consume', {
        ticket: 0,
        queue,
        consumerTag: 'c',
        noLocal: false,
        noAck: true,
        exclusive: false,
        nowait: false,
        arguments: new Map(),
      }),
    );
    await eventually(
      () => channel.checkQueue(queue),
      (state) => state.consumerCount === 1,
      'the consumer',
    );
    const body = Buffer.alloc(64 * 1024);
    const count = 400;
    for (let index = 0; index < count; index += 1) channel.sendToQueue(queue, body);
    await channel.waitForConfirms();
    const { messageCount } = await channel.checkQueue(queue);
    // The kernel's buffers and the broker's own bound take some; the rest stays in the queue.
    expect(messageCount).toBeGreaterThan(count / 2);
    // Once it reads, it gets everything.
    let received = 0;
    client.socket.on('data', (chunk) => {
      received += chunk.length;
    });
    client.socket.resume();
    await eventually(
      () => received,
      (total) => total > count * body.length,
      'all of it',
    );
    expect((await channel.checkQueue(queue)).messageCount).toBe(0);
    await channel.deleteQueue(queue);
    client.end();
    await publisher.close();
  }, 30_000);

  it('is not read from while it leaves its answers unread', async () => {
    const client = await RawClient.open(access);
    client.socket.pause();
    const publisher = await amqp.connect(
      { hostname: '127.0.0.1', port: broker.port, username: account.user, password: account.password },
      { noDelay: true },
    );
    const channel = await publisher.createConfirmChannel();
    const { queue } = await channel.assertQueue('many-gets');
    for (let index = 0; index < 600; index += 1) channel.sendToQueue(queue, Buffer.alloc(128 * 1024));
    await channel.waitForConfirms();
    const get = method(1, 'basic.get', { ticket: 0, queue, noAck: true });
    for (let index = 0; index < 600; index += 1) {
      client.send(get);
      if (index % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 2));
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect((await channel.checkQueue(queue)).messageCount).toBeGreaterThan(100);
    client.socket.resume();
    await eventually(
      () => channel.checkQueue(queue),
      (state) => state.messageCount === 0,
      'the rest is fetched',
    );
    await channel.deleteQueue(queue);
    client.end();
    await publisher.close();
  }, 30_000);
});

describe('a connection of which one end is gone', () => {
  it('is closed two to three intervals after its last word, and gives back what it held', async () => {
    const honest = await amqp.connect(
      { hostname: '127.0.0.1', port: broker.port, username: account.user, password: account.password },
      { noDelay: true },
    );
    const channel = await honest.createConfirmChannel();
    const { queue } = await channel.assertQueue('half-open');
    channel.sendToQueue(queue, Buffer.from('x'));
    await channel.waitForConfirms();
    const client = await RawClient.connect(access);
    await client.handshake(access, { heartbeat: 1 });
    client.send(method(1, 'channel.open', { outOfBand: '' }));
    await client.expect('channel.open-ok');
    client.send(method(1, 'basic.get', { ticket: 0, queue, noAck: false }));
    await client.expect('basic.get-ok');
    expect((await channel.checkQueue(queue)).messageCount).toBe(0);
    // From here on it says nothing, and does not say goodbye either.
    await client.closed;
    await eventually(
      () => channel.checkQueue(queue),
      ({ messageCount }) => messageCount === 1,
      'the message is back',
    );
    await channel.deleteQueue(queue);
    await honest.close();
  }, 15_000);
});

describe('a thousand connections at once', () => {
  it('are all served, and leave nothing behind', async () => {
    const connections = await Promise.all(
      Array.from({ length: 1_000 }, () =>
        amqp.connect(
          { hostname: '127.0.0.1', port: broker.port, username: account.user, password: account.password },
          { noDelay: true, timeout: 30_000 },
        ),
      ),
    );
    const served = await Promise.all(
      connections.map(async (connection, index) => {
        const channel = await connection.createConfirmChannel();
        const { queue } = await channel.assertQueue('', { exclusive: true });
        channel.sendToQueue(queue, Buffer.from(String(index)));
        await channel.waitForConfirms();
        const message = await channel.get(queue, { noAck: true });
        return message === false ? undefined : Number(message.content.toString());
      }),
    );
    expect(served).toEqual(connections.map((_, index) => index));
    await Promise.all(connections.map((connection) => connection.close()));
    await serves();
    const response = await fetch(`${access.managementUrl}/api/overview`, {
      headers: {
        authorization: `Basic ${Buffer.from(`${account.user}:${account.password}`).toString('base64')}`,
      },
    });
    await expect(response.json()).resolves.toMatchObject({ object_totals: { connections: 0, queues: 0 } });
  }, 240_000);
});

it('answers HTTP requests that name no address', async () => {
  for (const port of [broker.managementPort, broker.metricsPort ?? 0])
    for (const address of ['//', 'http://[', '/\\\\', '*']) {
      const socket = connect(port, '127.0.0.1');
      const authorization = Buffer.from(`${account.user}:${account.password}`).toString('base64');
      socket.write(`GET ${address} HTTP/1.1\r\nhost: x\r\nauthorization: Basic ${authorization}\r\n\r\n`);
      const [answer] = (await once(socket, 'data')) as [Buffer];
      expect(answer.toString().split('\r\n')[0]).toBe('HTTP/1.1 404 Not Found');
      socket.destroy();
    }
  await serves();
});
