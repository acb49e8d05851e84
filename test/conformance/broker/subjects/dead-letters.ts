import type { Channel } from 'amqplib';
import { expect, it } from 'vitest';
import type { MessageProperties } from '../../../../src/amqp/message-properties.ts';
import { keepProperties, propertiesOf, publishAsIs } from '../../../../src/amqp/raw-frames.ts';
import { readProperties, writeProperties } from '../../../../src/embedded/broker/codec/properties.ts';
import { sorted } from '../../../../src/embedded/broker/codec/table.ts';
import { everyProperty } from '../../../support/every-property.ts';
import { eventually, type Harness, nextMessage, sleep } from '../harness.ts';

/** RabbitMQ sorts the headers by name as it adds its own. */
function inOrder({ bytes }: MessageProperties): string {
  const { headers = new Map(), ...rest } = readProperties(bytes);
  return writeProperties({ ...rest, headers: sorted(headers) }).toString('hex');
}

export function deadLetters(harness: Harness): void {
  /** A queue whose dead letters go through an exchange into another queue. */
  async function pair(options: Parameters<Harness['queue']>[0] = {}) {
    const channel = await harness.confirmChannel();
    const exchange = harness.exchangeName();
    await channel.assertExchange(exchange, 'fanout');
    const dead = await harness.queue();
    await channel.bindQueue(dead, exchange, '');
    const queue = await harness.queue({ deadLetterExchange: exchange, ...options });
    return { channel, exchange, dead, queue };
  }

  it('records a rejection', async () => {
    const { channel, exchange, dead, queue } = await pair({ deadLetterRoutingKey: 'dead.key' });
    channel.sendToQueue(queue, Buffer.from('x'), { headers: { mine: 1 }, messageId: 'm', persistent: true });
    channel.nack(await nextMessage(channel, queue, false), false, false);
    const message = await nextMessage(channel, dead);
    expect(message.fields).toMatchObject({ exchange, routingKey: 'dead.key', redelivered: false });
    expect(message.properties.messageId).toBe('m');
    const { headers } = message.properties;
    expect(headers).toEqual({
      mine: 1,
      'x-first-death-exchange': '',
      'x-first-death-queue': queue,
      'x-first-death-reason': 'rejected',
      'x-death': [
        {
          count: 1,
          exchange: '',
          queue,
          reason: 'rejected',
          'routing-keys': [queue],
          time: { '!': 'timestamp', value: expect.any(Number) },
        },
      ],
    });
    const time = headers?.['x-death']?.[0]?.time?.value ?? 0;
    expect(Math.abs(Date.now() / 1000 - time)).toBeLessThan(10);
  });

  // https://www.rabbitmq.com/amqp-0-9-1-errata#section_3: each type, to the byte, with what was noted taken away again.
  it('keeps every type of header of what it delivers, and of what it dead-letters', async () => {
    const connection = await harness.connect();
    keepProperties(connection);
    const channel = await connection.createConfirmChannel();
    const { dead, queue } = await pair();
    const properties = everyProperty({ delivery_mode: 2, priority: 3 });
    const content = Buffer.from([0xff, 0x00, 0xc3, 0x28]);
    publishAsIs(channel, { exchange: '', routingKey: queue }, content, properties);
    await channel.waitForConfirms();
    const delivered = await nextMessage(channel, queue, false);
    expect(propertiesOf(delivered).bytes.toString('hex')).toBe(properties.bytes.toString('hex'));
    expect(delivered.content).toEqual(content);
    channel.nack(delivered, false, false);
    const message = await nextMessage(channel, dead);
    const left = propertiesOf(message).withHeaders({}, (name) => /^x-(first-)?death/.test(name));
    expect(inOrder(left)).toBe(inOrder(properties));
    expect(message.content).toEqual(content);
  });

  it('records an expiry and takes the expiration away', async () => {
    const { channel, dead, queue } = await pair();
    channel.sendToQueue(queue, Buffer.from('x'), { expiration: '50' });
    const message = await nextMessage(channel, dead);
    expect(message.fields.routingKey).toBe(queue);
    expect(message.properties.expiration).toBeUndefined();
    expect(message.properties.headers?.['x-death']?.[0]).toMatchObject({
      count: 1,
      reason: 'expired',
      queue,
      'original-expiration': '50',
    });
  });

  it('records what a full queue drops', async () => {
    const { channel, dead, queue } = await pair({ maxLength: 1 });
    channel.sendToQueue(queue, Buffer.from('a'));
    channel.sendToQueue(queue, Buffer.from('b'));
    const message = await nextMessage(channel, dead);
    expect(message.content.toString()).toBe('a');
    expect(message.properties.headers?.['x-death']?.[0]).toMatchObject({ reason: 'maxlen', queue });
  });

  it('drops what a quorum queue has had back too often', async () => {
    const { channel, dead, queue } = await pair({
      arguments: { 'x-queue-type': 'quorum', 'x-delivery-limit': 2 },
    });
    let deliveries = 0;
    await channel.consume(queue, (message) => {
      if (message === null) return;
      deliveries += 1;
      channel.nack(message);
    });
    channel.sendToQueue(queue, Buffer.from('poison'));
    const message = await nextMessage(channel, dead);
    expect(deliveries).toBe(3);
    expect(message.properties.headers?.['x-death']?.[0]).toMatchObject({
      reason: 'delivery_limit',
      queue,
      count: 1,
    });
    await channel.close();
  });

  it('counts the rounds of a retry through a waiting queue', async () => {
    const channel = await harness.confirmChannel();
    const work = harness.queueName();
    const wait = await harness.queue({ deadLetterExchange: '', deadLetterRoutingKey: work, messageTtl: 50 });
    await channel.assertQueue(work, { deadLetterExchange: '', deadLetterRoutingKey: wait });
    channel.sendToQueue(work, Buffer.from('x'));
    for (let round = 0; round < 3; round += 1)
      channel.nack(await nextMessage(channel, work, false), false, false);
    const last = await nextMessage(channel, work);
    const deaths = last.properties.headers?.['x-death'] as unknown as Record<string, unknown>[];
    expect(deaths.map(({ queue, reason, count }) => [queue, reason, count])).toEqual([
      [wait, 'expired', 3],
      [work, 'rejected', 3],
    ]);
    expect(last.properties.headers).toMatchObject({
      'x-first-death-reason': 'rejected',
      'x-first-death-queue': work,
    });
  });

  it('drops what would go round by itself', async () => {
    const queue = harness.queueName();
    const channel = await harness.confirmChannel();
    await channel.assertQueue(queue, { deadLetterExchange: '', deadLetterRoutingKey: queue, messageTtl: 50 });
    channel.sendToQueue(queue, Buffer.from('x'));
    await channel.waitForConfirms();
    await eventually(
      () => channel.checkQueue(queue),
      (state) => state.messageCount === 0,
      'it is dropped',
    );
    await sleep(150);
    expect((await channel.checkQueue(queue)).messageCount).toBe(0);
  });

  it('forgets dead letters where the exchange does not exist', async () => {
    const queue = await harness.queue({ deadLetterExchange: 'no-such-exchange' });
    const channel = await harness.confirmChannel();
    channel.sendToQueue(queue, Buffer.from('x'));
    channel.nack(await nextMessage(channel, queue, false), false, false);
    await eventually(
      () => channel.checkQueue(queue),
      (state) => state.messageCount === 0,
      'it is gone',
    );
  });

  it('refuses a dead-letter exchange that is no string', async () => {
    const queue = harness.queueName();
    const closed = await harness.closedBy((channel) =>
      channel.assertQueue(queue, { arguments: { 'x-dead-letter-exchange': 3 } }),
    );
    expect(closed.text).toBe(
      `PRECONDITION_FAILED - invalid type 'byte' for arg 'x-dead-letter-exchange' in queue '${queue}' in vhost '/'`,
    );
  });

  it.each<[string, (channel: Channel, queue: string) => Promise<unknown>]>([
    ['a delivery', (channel, queue) => channel.consume(queue, () => undefined)],
    ['a get', (channel, queue) => nextMessage(channel, queue, false)],
  ])('looks at the time to live of what comes to the head by %s', async (_, take) => {
    const { channel, dead, queue } = await pair();
    channel.sendToQueue(queue, Buffer.from('held'));
    channel.sendToQueue(queue, Buffer.from('short-lived'), { expiration: '200' });
    await channel.waitForConfirms();
    const holding = await harness.channel();
    await holding.prefetch(1);
    await take(holding, queue);
    expect((await nextMessage(channel, dead)).content.toString()).toBe('short-lived');
    await holding.close();
  });

  it('leaves what it cannot read of x-death out of account', async () => {
    const { channel, dead, queue } = await pair();
    channel.sendToQueue(queue, Buffer.from('x'), { expiration: '0', headers: { 'x-death': 'a text' } });
    const { headers } = (await nextMessage(channel, dead)).properties;
    expect(headers?.['x-death']).toMatchObject([{ count: 1, queue, reason: 'expired' }]);
    expect(headers?.['x-first-death-queue']).toBeUndefined();
  });

  it('counts what a client has written into x-death itself', async () => {
    const { channel, dead, queue } = await pair();
    const deaths: [object[], object[]][] = [
      [[{ queue, reason: 'expired' }], [{ queue, count: 1 }]],
      [[{ queue, reason: 'expired', count: 5 }], [{ queue, count: 6 }]],
      [
        [
          { queue, reason: 'expired' },
          { queue, reason: 'expired' },
        ],
        [{ queue, count: 3 }],
      ],
      [[{}], [{ queue, count: 1 }, {}]],
      [
        [
          { queue: 'other', reason: 'maxlen' },
          { queue, reason: 'expired' },
        ],
        [
          { queue, count: 2 },
          { queue: 'other', count: 1 },
        ],
      ],
    ];
    for (const [given, expected] of deaths) {
      channel.sendToQueue(queue, Buffer.from('x'), { expiration: '0', headers: { 'x-death': given } });
      const { headers } = (await nextMessage(channel, dead)).properties;
      expect(headers?.['x-death']).toHaveLength(expected.length);
      expect(headers?.['x-death']).toMatchObject(expected);
    }
  });

  it('orders x-death as RabbitMQ does, which turns what it finds there round', async () => {
    const channel = await harness.channel();
    const last = await harness.queue();
    const names = [last];
    for (let index = 0; index < 4; index += 1)
      names.unshift(
        await harness.queue({ messageTtl: 10, deadLetterExchange: '', deadLetterRoutingKey: names[0] ?? '' }),
      );
    const [a, b, c, d] = names;
    channel.sendToQueue(a ?? '', Buffer.from('x'));
    const { headers } = (await nextMessage(channel, last)).properties;
    expect(headers?.['x-death']?.map((death) => death.queue)).toEqual([d, b, a, c]);
  });
}
