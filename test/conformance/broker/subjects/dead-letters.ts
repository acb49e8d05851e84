import { expect, it } from 'vitest';
import { eventually, type Harness, nextMessage, sleep } from '../harness.ts';

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
}
