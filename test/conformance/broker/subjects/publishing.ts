import { randomBytes } from 'node:crypto';
import type { Message } from 'amqplib';
import { expect, it } from 'vitest';
import { eventually, type Harness, nextMessage } from '../harness.ts';

export function publishing(harness: Harness): void {
  it('delivers every property as it was', async () => {
    const queue = await harness.queue();
    const channel = await harness.confirmChannel();
    const properties = {
      contentType: 'application/json',
      contentEncoding: 'utf-8',
      headers: {
        text: 'grüße',
        small: -5,
        big: 9_007_199_254_740_991,
        half: 0.5,
        yes: true,
        nothing: null,
        list: ['a', 1, { deep: [true] }],
        bytes: Buffer.from([0, 255, 1]),
        when: { '!': 'timestamp', value: 1_700_000_000 },
        price: { '!': 'decimal', value: { places: 2, digits: 1999 } },
      },
      deliveryMode: 2,
      priority: 3,
      correlationId: 'correlation',
      replyTo: 'reply',
      expiration: '60000',
      messageId: 'id',
      timestamp: 1_700_000_000,
      type: 'kind',
      userId: harness.broker.user,
      appId: 'app',
    };
    channel.publish('', queue, Buffer.from('body'), properties);
    await channel.waitForConfirms();
    const message = await nextMessage(channel, queue);
    expect(message.properties).toMatchObject(properties);
    expect(message.content.toString()).toBe('body');
    expect(message.fields).toMatchObject({
      exchange: '',
      routingKey: queue,
      redelivered: false,
      messageCount: 0,
    });
  });

  it.each([0, 1, 4095, 131_064, 131_065, 262_128, 1_000_000])('carries %i bytes', async (size) => {
    const queue = await harness.queue();
    const channel = await harness.confirmChannel();
    const body = randomBytes(size);
    channel.sendToQueue(queue, body);
    await channel.waitForConfirms();
    const message = await nextMessage(channel, queue);
    expect(message.content.equals(body)).toBe(true);
    await channel.close();
  });

  it('confirms each of many', async () => {
    const queue = await harness.queue();
    const channel = await harness.confirmChannel();
    const results = await Promise.all(
      Array.from(
        { length: 500 },
        (_, index) =>
          new Promise<boolean>((resolve) =>
            channel.sendToQueue(queue, Buffer.from(String(index)), { persistent: index % 2 === 0 }, (error) =>
              resolve(error === null),
            ),
          ),
      ),
    );
    expect(results.every(Boolean)).toBe(true);
    expect((await channel.checkQueue(queue)).messageCount).toBe(500);
  });

  it('confirms what reaches no queue', async () => {
    const channel = await harness.confirmChannel();
    channel.publish('amq.topic', 'to.nobody.at.all', Buffer.from('x'));
    await channel.waitForConfirms();
  });

  it('gives back what is mandatory and reaches no queue, before it confirms', async () => {
    const channel = await harness.confirmChannel();
    const events: string[] = [];
    let returned: Message | undefined;
    channel.on('return', (message: Message) => {
      events.push('return');
      returned = message;
    });
    channel.publish('amq.direct', 'nowhere', Buffer.from('x'), { mandatory: true, messageId: 'm' }, () =>
      events.push('confirm'),
    );
    await channel.waitForConfirms();
    expect(events).toEqual(['return', 'confirm']);
    expect(returned?.fields).toMatchObject({
      replyCode: 312,
      replyText: 'NO_ROUTE',
      exchange: 'amq.direct',
      routingKey: 'nowhere',
    });
    expect(returned?.properties.messageId).toBe('m');
    expect(returned?.content.toString()).toBe('x');
  });

  it('refuses another user id than the own', async () => {
    expect(
      await harness.closedBy((channel) => channel.publish('', 'q', Buffer.from('x'), { userId: 'other' })),
    ).toEqual({
      scope: 'channel',
      code: 406,
      text: `PRECONDITION_FAILED - user_id property set to 'other' but authenticated user was '${harness.broker.user}'`,
      method: '60.40',
    });
  });

  it.each([
    ['soon', 'no_integer'],
    ['10s', '{leftover_string,"s"}'],
    ['-1', '{value_negative,-1}'],
  ])('refuses the expiration %j', async (expiration, fault) => {
    expect(
      await harness.closedBy((channel) => channel.publish('', 'q', Buffer.from('x'), { expiration })),
    ).toEqual({
      scope: 'channel',
      code: 406,
      text: `PRECONDITION_FAILED - invalid expiration '${expiration}': ${fault}`,
      method: '60.40',
    });
  });

  it('does not know immediate', async () => {
    const closed = await harness.closedBy((channel) => {
      const raw = channel as unknown as {
        sendMessage(fields: object, properties: object, content: Buffer): void;
      };
      raw.sendMessage(
        { exchange: '', routingKey: 'q', mandatory: false, immediate: true, ticket: 0 },
        { headers: {} },
        Buffer.from('x'),
      );
    });
    expect(closed).toMatchObject({
      scope: 'connection',
      code: 540,
      text: 'NOT_IMPLEMENTED - immediate=true',
    });
  });

  it('leaves other channels alone when one is closed', async () => {
    const connection = await harness.connect();
    const [bad, good] = [await connection.createChannel(), await connection.createChannel()];
    let error: Error | undefined;
    bad.on('error', (thrown: Error) => {
      error = thrown;
    });
    bad.publish('no-such', 'k', Buffer.from('x'));
    bad.publish('no-such', 'k', Buffer.from('y'));
    await eventually(
      () => error,
      (seen) => seen !== undefined,
      'the channel is closed',
    );
    await good.assertQueue('', { exclusive: true });
    const again = await connection.createChannel();
    await again.assertQueue('', { exclusive: true });
    await connection.close();
  });
}
