import { expect, it } from 'vitest';
import { drain, eventually, type Harness, nextMessage, sleep } from '../harness.ts';

export function limits(harness: Harness): void {
  async function publishAll(queue: string, texts: string[], options = {}): Promise<boolean[]> {
    const channel = await harness.confirmChannel();
    const results = await Promise.all(
      texts.map(
        (text) =>
          new Promise<boolean>((resolve) =>
            channel.sendToQueue(queue, Buffer.from(text), options, (error) => resolve(error === null)),
          ),
      ),
    );
    await channel.close();
    return results;
  }

  it('drops the oldest of too many', async () => {
    const queue = await harness.queue({ maxLength: 2 });
    expect(await publishAll(queue, ['a', 'b', 'c', 'd'])).toEqual([true, true, true, true]);
    expect(await drain(await harness.channel(), queue)).toEqual(['c', 'd']);
  });

  it('drops the oldest of too much', async () => {
    const queue = await harness.queue({ arguments: { 'x-max-length-bytes': 10 } });
    await publishAll(queue, ['aaaa', 'bbbb', 'cccc']);
    expect(await drain(await harness.channel(), queue)).toEqual(['bbbb', 'cccc']);
  });

  it('refuses what is too much where that is asked for', async () => {
    const queue = await harness.queue({ maxLength: 2, arguments: { 'x-overflow': 'reject-publish' } });
    expect(await publishAll(queue, ['a', 'b', 'c'])).toEqual([true, true, false]);
    expect(await drain(await harness.channel(), queue)).toEqual(['a', 'b']);
  });

  it('hands what is refused to the dead-letter exchange where that is asked for', async () => {
    const dead = await harness.queue();
    const queue = await harness.queue({
      maxLength: 1,
      deadLetterExchange: '',
      deadLetterRoutingKey: dead,
      arguments: { 'x-overflow': 'reject-publish-dlx' },
    });
    expect(await publishAll(queue, ['a', 'b'])).toEqual([true, false]);
    const channel = await harness.channel();
    await eventually(
      () => channel.checkQueue(dead),
      (state) => state.messageCount === 1,
      'the dead letter',
    );
    expect(await drain(channel, dead)).toEqual(['b']);
  });

  it('forgets messages after the time of the queue or their own, whichever is shorter', async () => {
    const dead = await harness.queue();
    const queue = await harness.queue({
      messageTtl: 250,
      deadLetterExchange: '',
      deadLetterRoutingKey: dead,
    });
    await publishAll(queue, ['queue']);
    const channel = await harness.channel();
    // That it was there first, its death tells: how soon one looks does not matter.
    const { headers } = (await nextMessage(channel, dead)).properties;
    expect(headers?.['x-death']).toMatchObject([{ queue, reason: 'expired' }]);
    expect((await channel.checkQueue(queue)).messageCount).toBe(0);
    const lasting = await harness.queue({ messageTtl: 60_000 });
    await publishAll(lasting, ['own'], { expiration: '100' });
    await eventually(
      () => channel.checkQueue(lasting),
      (state) => state.messageCount === 0,
      'it expires',
    );
  });

  it('lets a message expire only once it is the first', async () => {
    const queue = await harness.queue();
    await publishAll(queue, ['first']);
    await publishAll(queue, ['second'], { expiration: '1' });
    await sleep(200);
    const channel = await harness.channel();
    expect((await channel.checkQueue(queue)).messageCount).toBe(2);
    expect(await drain(channel, queue)).toEqual(['first']);
  });

  it('lets a message expire that a delivery has made the first, with nobody asking for it', async () => {
    const dead = await harness.queue();
    const queue = await harness.queue({ deadLetterExchange: '', deadLetterRoutingKey: dead });
    await publishAll(queue, ['first']);
    await publishAll(queue, ['second'], { expiration: '400' });
    const channel = await harness.channel();
    expect(await channel.get(queue)).toMatchObject({ content: Buffer.from('first') });
    // Only the other queue is looked at from now on.
    const { content, properties } = await nextMessage(channel, dead);
    expect(content.toString()).toBe('second');
    expect(properties.headers?.['x-death']).toMatchObject([{ queue, reason: 'expired', count: 1 }]);
    await channel.close();
  });

  it('delivers a message without time to live to a consumer that waits', async () => {
    const queue = await harness.queue({ messageTtl: 0 });
    const channel = await harness.channel();
    const texts: string[] = [];
    await publishAll(queue, ['missed']);
    await channel.consume(queue, (message) => message !== null && texts.push(message.content.toString()), {
      noAck: true,
    });
    await publishAll(queue, ['caught']);
    await eventually(
      () => texts.length,
      (length) => length > 0,
      'a message',
    );
    expect(texts).toEqual(['caught']);
    await channel.close();
  });

  it('orders by priority', async () => {
    const queue = await harness.queue({ maxPriority: 5 });
    await publishAll(queue, ['none']);
    await publishAll(queue, ['two'], { priority: 2 });
    await publishAll(queue, ['nine'], { priority: 9 });
    await publishAll(queue, ['five'], { priority: 5 });
    await publishAll(queue, ['two again'], { priority: 2 });
    expect(await drain(await harness.channel(), queue)).toEqual(['nine', 'five', 'two', 'two again', 'none']);
  });
}
