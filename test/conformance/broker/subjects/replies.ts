import type { ConsumeMessage, Message } from 'amqplib';
import { expect, it } from 'vitest';
import { eventually, type Harness, nextMessage } from '../harness.ts';

const PSEUDO = 'amq.rabbitmq.reply-to';

export function replies(harness: Harness): void {
  it('brings an answer back to the channel that asked', async () => {
    const asking = await harness.channel();
    const answering = await harness.channel();
    const requests = await harness.queue();
    const got: ConsumeMessage[] = [];
    await asking.consume(PSEUDO, (message) => message !== null && got.push(message), { noAck: true });
    asking.sendToQueue(requests, Buffer.from('question'), { replyTo: PSEUDO, correlationId: 'c' });
    const question = await nextMessage(answering, requests);
    const address = question.properties.replyTo as string;
    expect(address.startsWith(`${PSEUDO}.`)).toBe(true);
    // Whoever answers may ask first whether anybody still waits.
    expect(await answering.checkQueue(address)).toMatchObject({ queue: address, consumerCount: 1 });
    answering.sendToQueue(address, Buffer.from('answer'), { correlationId: 'c' });
    await eventually(
      () => got.length,
      (length) => length === 1,
      'the answer',
    );
    expect(got[0]?.content.toString()).toBe('answer');
    expect(got[0]?.fields).toMatchObject({ exchange: '', routingKey: address, redelivered: false });
    await asking.close();
    const closed = await harness.closedBy((channel) => channel.checkQueue(address));
    expect([closed.code, closed.text]).toEqual([404, `NOT_FOUND - no queue '${address}' in vhost '/'`]);
  });

  it('drops an answer that nobody waits for', async () => {
    const channel = await harness.confirmChannel();
    const returned: Message[] = [];
    channel.on('return', (message: Message) => returned.push(message));
    channel.sendToQueue(`${PSEUDO}.nobody`, Buffer.from('x'));
    channel.sendToQueue(`${PSEUDO}.nobody`, Buffer.from('y'), { mandatory: true });
    await channel.waitForConfirms();
    expect(returned.map(({ content }) => content.toString())).toEqual(['y']);
  });

  it('refuses to be used in another way', async () => {
    const refused = (text: string) => ({
      scope: 'channel',
      code: 406,
      text: `PRECONDITION_FAILED - ${text}`,
    });
    expect(await harness.closedBy((channel) => channel.consume(PSEUDO, () => undefined))).toMatchObject(
      refused('reply consumer cannot acknowledge'),
    );
    expect(
      await harness.closedBy(async (channel) => {
        await channel.consume(PSEUDO, () => undefined, { noAck: true });
        await channel.consume(PSEUDO, () => undefined, { noAck: true });
      }),
    ).toMatchObject(refused('reply consumer already set'));
    expect(
      await harness.closedBy((channel) => channel.sendToQueue('q', Buffer.from('x'), { replyTo: PSEUDO })),
    ).toMatchObject(refused('fast reply consumer does not exist'));
  });

  it('says that the pseudo-queue is there, whoever asks and however', async () => {
    const channel = await harness.channel();
    for (const ask of [() => channel.checkQueue(PSEUDO), () => channel.assertQueue(PSEUDO)])
      expect(await ask()).toEqual({ queue: PSEUDO, messageCount: 0, consumerCount: 1 });
    const other = await harness.closedBy((asking) => asking.assertQueue(`${PSEUDO}x`));
    expect(other).toMatchObject({ scope: 'channel', code: 404 });
    await channel.close();
  });
}
