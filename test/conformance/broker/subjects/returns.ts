import { expect, it } from 'vitest';
import { drain, eventually, type Harness, nextMessage } from '../harness.ts';

/** Where messages go that come back: https://www.rabbitmq.com/docs/3.13/quorum-queues#repeated-requeues. */
export function returns(harness: Harness): void {
  const quorum = { 'x-queue-type': 'quorum' };

  async function filled(options: Parameters<Harness['queue']>[0]): Promise<string> {
    const queue = await harness.queue(options);
    const channel = await harness.confirmChannel();
    for (const text of ['a', 'b', 'c']) channel.sendToQueue(queue, Buffer.from(text));
    await channel.waitForConfirms();
    await channel.close();
    return queue;
  }

  it.each<[string, object, string[]]>([
    ['a classic queue: to its old place', {}, ['a', 'b', 'c']],
    ['a quorum queue: behind all others', quorum, ['b', 'c', 'a']],
    ['a quorum queue with a limit: to the front', { ...quorum, 'x-delivery-limit': 5 }, ['a', 'b', 'c']],
  ])('returns a message to %s', async (_, declared, order) => {
    const queue = await filled({ arguments: declared });
    const channel = await harness.channel();
    channel.nack(await nextMessage(channel, queue, false), false, true);
    await eventually(
      () => channel.checkQueue(queue),
      ({ messageCount }) => messageCount === 3,
      'the message is back',
    );
    expect(await drain(channel, queue)).toEqual(order);
    await channel.close();
  });

  it('keeps the order of several that are returned to a quorum queue together', async () => {
    const queue = await filled({ arguments: quorum });
    const channel = await harness.channel();
    await nextMessage(channel, queue, false);
    channel.nack(await nextMessage(channel, queue, false), true, true);
    await eventually(
      () => channel.checkQueue(queue),
      ({ messageCount }) => messageCount === 3,
      'the messages are back',
    );
    expect(await drain(channel, queue)).toEqual(['c', 'a', 'b']);
    await channel.close();
  });

  it('lets a quorum queue go on behind a message that nobody can process', async () => {
    const queue = await filled({ arguments: quorum });
    const channel = await harness.channel();
    await channel.prefetch(1);
    const processed: string[] = [];
    await channel.consume(queue, (message) => {
      if (message === null) return;
      if (message.content.toString() === 'a') channel.nack(message);
      else {
        processed.push(message.content.toString());
        channel.ack(message);
      }
    });
    await eventually(
      () => processed.length,
      (length) => length === 2,
      'the others',
    );
    expect(processed).toEqual(['b', 'c']);
    await channel.close();
  });

  it('puts what a channel held that is gone to the front of a quorum queue', async () => {
    const queue = await filled({ arguments: quorum });
    const connection = await harness.connect();
    const holding = await connection.createChannel();
    await nextMessage(holding, queue, false);
    await holding.close();
    const channel = await harness.channel();
    await eventually(
      () => channel.checkQueue(queue),
      ({ messageCount }) => messageCount === 3,
      'the message is back',
    );
    expect(await drain(channel, queue)).toEqual(['a', 'b', 'c']);
    await channel.close();
  });
}
