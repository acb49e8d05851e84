import { describe, expect, it } from 'vitest';
import { FRAME } from '../../../../src/embedded/broker/codec/frames.ts';
import { AMQP_0_8 } from '../../../../src/embedded/broker/codec/methods.ts';
import { eventually, type Harness, within } from '../harness.ts';
import { frame, method, PROTOCOL_HEADER, RawClient } from '../raw-client.ts';

const publish = (routingKey: string) =>
  method(1, 'basic.publish', { ticket: 0, exchange: '', routingKey, mandatory: false, immediate: false });

function contentHeader(size: number, classId = 60): Buffer {
  const payload = Buffer.alloc(14);
  payload.writeUInt16BE(classId, 0);
  payload.writeUInt32BE(size, 8);
  return frame(FRAME.header, 1, payload);
}

/** What clients send that do not keep to the protocol, and what becomes of them. */
export function wire(harness: Harness): void {
  it.each([
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
    ['another version', Buffer.from('AMQP\0\0\x09\x02', 'latin1')],
  ])('tells who speaks %s what is spoken here', async (_, greeting) => {
    const client = await RawClient.connect(harness.broker);
    client.send(greeting);
    await within(client.closed, 'the socket is closed');
    expect(Buffer.concat(client.bytes)).toEqual(PROTOCOL_HEADER);
  });

  it('offers version 0-9 and its mechanisms', async () => {
    const client = await RawClient.connect(harness.broker);
    client.send(PROTOCOL_HEADER);
    const start = await client.expect('connection.start');
    expect([start.versionMajor, start.versionMinor]).toEqual([0, 9]);
    expect(start.mechanisms.toString().split(' ').sort()).toEqual(['AMQPLAIN', 'PLAIN']);
    expect(start.locales.toString()).toBe('en_US');
    client.end();
  });

  it.each([
    ['AMQP\x01\x01\x08\0', 8, 0],
    ['AMQP\x01\x01\x09\x01', 8, 0],
    ['AMQP\x01\x01\0\x09', 0, 9],
  ])('offers the version that a client asks for with %j: %i-%i', async (header, major, minor) => {
    const client = await RawClient.connect(harness.broker);
    client.send(Buffer.from(header, 'latin1'));
    const start = await client.expect('connection.start');
    expect([start.versionMajor, start.versionMinor]).toEqual([major, minor]);
    const capabilities = start.serverProperties.get('capabilities');
    expect(capabilities?.type === 'table' && capabilities.value.size > 0).toBe(major === 0);
    client.end();
  });

  it('serves clients of AMQP 0-8', async () => {
    const queue = await harness.queue();
    const { user, password, vhost } = harness.broker;
    const client = await RawClient.connect(harness.broker);
    client.dialect = AMQP_0_8;
    client.send(Buffer.from('AMQP\x01\x01\x08\0', 'latin1'));
    await client.expect('connection.start');
    client.send(
      method(0, 'connection.start-ok', {
        clientProperties: new Map(),
        mechanism: 'PLAIN',
        response: Buffer.from(`\0${user}\0${password}`),
        locale: 'en_US',
      }),
      method(0, 'connection.tune-ok', { channelMax: 10, frameMax: 8192, heartbeat: 0 }),
      method(0, 'connection.open', { virtualHost: vhost, capabilities: '', insist: false }),
      method(1, 'channel.open', { outOfBand: '' }),
    );
    expect(await client.expect('channel.open-ok')).toEqual({});
    const consume = {
      ticket: 0,
      queue,
      consumerTag: 't',
      noLocal: false,
      noAck: true,
      exclusive: false,
      nowait: false,
      arguments: new Map(),
    };
    client.send(method(1, 'basic.consume', consume, AMQP_0_8));
    expect(await client.expect('basic.consume-ok')).toEqual({ consumerTag: 't' });
    client.send(publish(queue), contentHeader(1), frame(FRAME.body, 1, Buffer.from('x')));
    expect(await client.expect('basic.deliver')).toMatchObject({ consumerTag: 't', routingKey: queue });
    const bye = { replyCode: 200, replyText: 'bye', classId: 0, methodId: 0 };
    client.send(method(0, 'connection.close', bye, AMQP_0_8));
    await client.expect('connection.close-ok');
    client.end();
  });

  it('lets clients in that use AMQPLAIN', async () => {
    const { user, password } = harness.broker;
    const client = await RawClient.connect(harness.broker);
    const field = (key: string, value: string) =>
      `${String.fromCharCode(key.length)}${key}S\0\0\0${String.fromCharCode(value.length)}${value}`;
    await client.login(`${field('LOGIN', user)}${field('PASSWORD', password)}`, 'AMQPLAIN');
    expect(await client.expect('connection.tune')).toEqual({
      channelMax: 2047,
      frameMax: 131_072,
      heartbeat: 60,
    });
    client.end();
  });

  it('closes silently on a wrong password when the client does not understand more', async () => {
    const client = await RawClient.connect(harness.broker);
    await client.login('\0nobody\0wrong');
    await within(client.closed, 'the socket is closed');
    expect(client.received.map(({ name }) => name)).toEqual(['connection.start']);
  });

  it('refuses a frame size below the minimum', async () => {
    const client = await RawClient.connect(harness.broker);
    const { user, password } = harness.broker;
    await client.login(`\0${user}\0${password}`);
    await client.expect('connection.tune');
    client.send(method(0, 'connection.tune-ok', { channelMax: 10, frameMax: 100, heartbeat: 0 }));
    await within(client.closed, 'the socket is closed');
    expect(client.received.map(({ name }) => name)).toEqual(['connection.start', 'connection.tune']);
  });

  it('refuses a vhost that does not exist', async () => {
    const client = await RawClient.connect(harness.broker);
    const { user, password } = harness.broker;
    await client.login(`\0${user}\0${password}`);
    await client.expect('connection.tune');
    client.send(
      method(0, 'connection.tune-ok', { channelMax: 10, frameMax: 8192, heartbeat: 0 }),
      method(0, 'connection.open', { virtualHost: 'no-such', capabilities: '', insist: false }),
    );
    expect(await client.closedBy()).toEqual({
      code: 530,
      text: 'NOT_ALLOWED - vhost no-such not found',
      method: '10.40',
    });
  });

  it('opens no more channels than were agreed on', async () => {
    const client = await RawClient.connect(harness.broker);
    await client.handshake(harness.broker, { channelMax: 2 });
    for (const number of [1, 2, 3]) client.send(method(number, 'channel.open', { outOfBand: '' }));
    expect(await client.closedBy()).toEqual({
      code: 530,
      text: 'NOT_ALLOWED - number of channels opened (2) has reached the negotiated channel_max (2)',
      method: '0.0',
    });
  });

  it('cuts bodies into frames that the client takes', async () => {
    const queue = await harness.queue();
    const channel = await harness.confirmChannel();
    channel.sendToQueue(queue, Buffer.alloc(20_000, 'b'));
    await channel.waitForConfirms();
    const client = await RawClient.connect(harness.broker);
    await client.handshake(harness.broker, { frameMax: 4096 });
    client.send(method(1, 'channel.open', { outOfBand: '' }));
    await client.expect('channel.open-ok');
    client.bytes.length = 0;
    client.send(method(1, 'basic.get', { ticket: 0, queue, noAck: true }));
    const bytes = await eventually(
      () => Buffer.concat(client.bytes),
      (all) => all.length > 20_000,
      'the body',
    );
    const sizes: number[] = [];
    for (let offset = 0; offset + 7 < bytes.length; offset += bytes.readUInt32BE(offset + 3) + 8)
      if (bytes[offset] === FRAME.body) sizes.push(bytes.readUInt32BE(offset + 3) + 8);
    expect(sizes).toEqual([4096, 4096, 4096, 4096, 3656]);
    client.end();
  });

  describe('an open connection is closed', () => {
    it.each<[string, Buffer, { code: number; text: string | RegExp; method: string }]>([
      [
        'for an unknown type of frame',
        frame(7, 1, Buffer.from('hello')),
        { code: 501, text: 'FRAME_ERROR - type 7, all octets = <<"hello">>: unknown_frame', method: '0.0' },
      ],
      [
        'for a frame that is too large',
        Buffer.from([1, 0, 1, 0, 1, 0, 0]),
        {
          code: 501,
          text: 'FRAME_ERROR - type 1, all octets = <<>>: {frame_too_large,65536,8184}',
          method: '0.0',
        },
      ],
      [
        'for a frame without its end',
        Buffer.concat([frame(FRAME.method, 1, Buffer.from([1, 2])).subarray(0, -1), Buffer.from([0x41])]),
        {
          code: 501,
          text: 'FRAME_ERROR - type 1, all octets = <<1,2>>: {invalid_frame_end_marker,65}',
          method: '0.0',
        },
      ],
      [
        'for a heartbeat on a channel',
        frame(FRAME.heartbeat, 1, Buffer.alloc(0)),
        { code: 505, text: 'UNEXPECTED_FRAME - type 8, all octets = <<>>', method: '0.0' },
      ],
      [
        'for content on channel 0',
        frame(FRAME.body, 0, Buffer.from('twenty bytes of body')),
        {
          code: 505,
          text: 'UNEXPECTED_FRAME - type 3, first 16 octets = <<"twenty bytes of ">>',
          method: '0.0',
        },
      ],
      [
        'for content without a method',
        frame(FRAME.body, 1, Buffer.from('x')),
        {
          code: 505,
          text: 'UNEXPECTED_FRAME - expected method frame, got non method frame instead',
          method: '0.0',
        },
      ],
      [
        'for a method where a header belongs',
        Buffer.concat([
          publish('q'),
          method(1, 'basic.qos', { prefetchSize: 0, prefetchCount: 1, global: false }),
        ]),
        {
          code: 505,
          text: 'UNEXPECTED_FRAME - expected content header for class 60, got non content header frame instead',
          method: '60.40',
        },
      ],
      [
        'for the header of another class',
        Buffer.concat([publish('q'), contentHeader(1, 50)]),
        {
          code: 505,
          text: 'UNEXPECTED_FRAME - expected content header for class 60, got one for class 50 instead',
          method: '60.40',
        },
      ],
      [
        'for a method where a body belongs',
        Buffer.concat([publish('q'), contentHeader(5), publish('q')]),
        {
          code: 505,
          text: 'UNEXPECTED_FRAME - expected content body, got non content body frame instead',
          method: '60.40',
        },
      ],
      [
        'for a method of which half is missing',
        frame(FRAME.method, 1, Buffer.from([0, 50, 0, 10, 0, 0, 200, 65])),
        { code: 501, text: 'FRAME_ERROR - cannot decode <<0,0,200,65>>', method: '50.10' },
      ],
      [
        'for a channel opened twice',
        method(1, 'channel.open', { outOfBand: '' }),
        { code: 504, text: "CHANNEL_ERROR - second 'channel.open' seen", method: '20.10' },
      ],
      [
        'for a method on a channel that is not open',
        method(9, 'basic.qos', { prefetchSize: 0, prefetchCount: 1, global: false }),
        { code: 504, text: "CHANNEL_ERROR - expected 'channel.open'", method: '60.10' },
      ],
      [
        'for a second handshake',
        method(0, 'connection.tune-ok', { channelMax: 1, frameMax: 8192, heartbeat: 0 }),
        { code: 504, text: 'CHANNEL_ERROR - unexpected method in connection state running', method: '10.31' },
      ],
      [
        'for a method that only servers send',
        method(1, 'basic.qos-ok', {}),
        { code: 503, text: 'COMMAND_INVALID - unimplemented method', method: '60.11' },
      ],
    ])('%s', async (_, bytes, expected) => {
      const client = await RawClient.open(harness.broker);
      client.send(bytes);
      expect(await client.closedBy()).toEqual(expected);
    });
  });

  it('ignores what follows on a channel that it has closed, until the client agrees', async () => {
    const client = await RawClient.open(harness.broker);
    client.send(
      method(1, 'queue.purge', { ticket: 0, queue: 'no-such', nowait: false }),
      publish('q'),
      contentHeader(1),
      frame(FRAME.body, 1, Buffer.from('x')),
      method(1, 'queue.purge', { ticket: 0, queue: 'no-such', nowait: false }),
      method(1, 'channel.close-ok', {}),
      method(1, 'channel.open', { outOfBand: '' }),
    );
    await eventually(
      () => client.received.filter(({ name }) => name === 'channel.open-ok'),
      (opened) => opened.length === 2,
      'the channel is open again',
    );
    expect(client.received.filter(({ name }) => name === 'channel.close')).toHaveLength(1);
    client.send(method(0, 'connection.close', { replyCode: 200, replyText: 'bye', classId: 0, methodId: 0 }));
    await client.expect('connection.close-ok');
    client.end();
  });

  it('does not open a channel again that it has closed, before the client agrees', async () => {
    const client = await RawClient.open(harness.broker);
    client.send(
      method(1, 'queue.purge', { ticket: 0, queue: 'no-such', nowait: false }),
      method(1, 'channel.open', { outOfBand: '' }),
    );
    expect(await client.closedBy()).toEqual({
      code: 504,
      text: "CHANNEL_ERROR - second 'channel.open' seen",
      method: '20.10',
    });
  });

  it('answers nothing where no answer is wanted', async () => {
    const client = await RawClient.open(harness.broker);
    const queue = harness.queueName();
    client.send(
      method(1, 'queue.declare', {
        ticket: 0,
        queue,
        passive: false,
        durable: false,
        exclusive: false,
        autoDelete: false,
        nowait: true,
        arguments: new Map(),
      }),
      method(1, 'queue.bind', {
        ticket: 0,
        queue,
        exchange: 'amq.direct',
        routingKey: 'k',
        nowait: true,
        arguments: new Map(),
      }),
      method(1, 'confirm.select', { nowait: true }),
      method(1, 'queue.purge', { ticket: 0, queue, nowait: false }),
    );
    await client.expect('queue.purge-ok');
    expect(client.received.slice(-2).map(({ name }) => name)).toEqual(['channel.open-ok', 'queue.purge-ok']);
    client.end();
  });

  it('takes a frame that comes byte by byte', async () => {
    const client = await RawClient.open(harness.broker);
    for (const byte of method(1, 'queue.purge', { ticket: 0, queue: 'no-such', nowait: false })) {
      client.send(Buffer.from([byte]));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await client.expect('channel.close')).toMatchObject({ replyCode: 404, classId: 50, methodId: 30 });
    client.end();
  });
}
