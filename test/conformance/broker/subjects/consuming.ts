import { expect, it } from 'vitest';
import { collect, drain, eventually, type Harness, nextMessage, sleep } from '../harness.ts';

/** Long enough for anything wrong to arrive. */
const QUIET_MS = 150;

export function consuming(harness: Harness): void {
  async function filled(count: number, options = {}): Promise<string> {
    const queue = await harness.queue(options);
    const channel = await harness.confirmChannel();
    for (let index = 0; index < count; index += 1) channel.sendToQueue(queue, Buffer.from(String(index)));
    await channel.waitForConfirms();
    await channel.close();
    return queue;
  }

  it('delivers in order, with tags that count up', async () => {
    const queue = await filled(5);
    const channel = await harness.channel();
    const consumer = await collect(channel, queue, { consumerTag: 'mine', noAck: true });
    await consumer.arrived(5);
    expect(consumer.consumerTag).toBe('mine');
    expect(consumer.texts()).toEqual(['0', '1', '2', '3', '4']);
    expect(consumer.messages.map(({ fields }) => fields.deliveryTag)).toEqual([1, 2, 3, 4, 5]);
    await channel.close();
  });

  it('names a consumer that has no tag', async () => {
    const channel = await harness.channel();
    const { consumerTag } = await channel.consume(await harness.queue(), () => undefined);
    expect(consumerTag).toMatch(/^amq\.ctag-[A-Za-z0-9_-]{22}$/);
  });

  it('stops at the prefetch of a consumer and goes on with each acknowledgement', async () => {
    const queue = await filled(6);
    const channel = await harness.channel();
    await channel.prefetch(2);
    const consumer = await collect(channel, queue);
    await consumer.arrived(2);
    await sleep(QUIET_MS);
    expect(consumer.texts()).toEqual(['0', '1']);
    const [first] = consumer.messages;
    if (first !== undefined) channel.ack(first);
    await consumer.arrived(3);
    await sleep(QUIET_MS);
    expect(consumer.texts()).toEqual(['0', '1', '2']);
    const last = consumer.messages[2];
    if (last !== undefined) channel.ack(last, true);
    await consumer.arrived(5);
    expect(consumer.texts()).toEqual(['0', '1', '2', '3', '4']);
    await channel.close();
  });

  it('shares the prefetch of a channel among its consumers', async () => {
    const [one, two] = [await filled(4), await filled(4)];
    const channel = await harness.channel();
    await channel.prefetch(3, true);
    const consumers = [await collect(channel, one), await collect(channel, two)];
    const total = () => consumers.reduce((sum, { messages }) => sum + messages.length, 0);
    await eventually(total, (count) => count === 3, 'three messages');
    await sleep(QUIET_MS);
    expect(total()).toBe(3);
    channel.ackAll();
    await eventually(total, (count) => count === 6, 'three more');
    await sleep(QUIET_MS);
    expect(total()).toBe(6);
    await channel.close();
  });

  it('takes turns among consumers', async () => {
    const queue = await harness.queue();
    const channel = await harness.confirmChannel();
    const consumers = [await collect(channel, queue), await collect(channel, queue)];
    for (let index = 0; index < 10; index += 1) channel.sendToQueue(queue, Buffer.from('x'));
    await channel.waitForConfirms();
    await eventually(
      () => consumers.map(({ messages }) => messages.length),
      (counts) => counts[0] === 5 && counts[1] === 5,
      'five each',
    );
    await channel.close();
  });

  it('prefers the consumer of higher priority until it is full', async () => {
    const queue = await harness.queue();
    const channel = await harness.confirmChannel();
    await channel.prefetch(2);
    const low = await collect(channel, queue, { priority: 1 });
    const high = await collect(channel, queue, { priority: 5 });
    for (let index = 0; index < 3; index += 1) channel.sendToQueue(queue, Buffer.from(String(index)));
    await eventually(
      () => [high.texts(), low.texts()],
      ([first, second]) => first?.length === 2 && second?.length === 1,
      'two and one',
    );
    expect(high.texts()).toEqual(['0', '1']);
    await channel.close();
  });

  it('puts back in place what is refused for another try', async () => {
    const queue = await filled(4);
    const channel = await harness.channel();
    const first = await nextMessage(channel, queue, false);
    const second = await nextMessage(channel, queue, false);
    channel.nack(second, false, true);
    channel.reject(first, true);
    await eventually(
      () => channel.checkQueue(queue),
      (state) => state.messageCount === 4,
      'both are back',
    );
    const again = await nextMessage(channel, queue);
    expect([again.content.toString(), again.fields.redelivered]).toEqual(['0', true]);
    expect(await drain(channel, queue)).toEqual(['1', '2', '3']);
    await channel.close();
  });

  it('gives everything back with recover', async () => {
    const queue = await filled(3);
    const channel = await harness.channel();
    await channel.prefetch(3);
    const consumer = await collect(channel, queue);
    await consumer.arrived(3);
    await channel.recover();
    await consumer.arrived(6);
    expect(consumer.texts()).toEqual(['0', '1', '2', '0', '1', '2']);
    expect(consumer.messages.slice(3).every(({ fields }) => fields.redelivered)).toBe(true);
    await channel.close();
  });

  it('gives back what a channel held that is closed', async () => {
    const queue = await filled(3);
    const holding = await harness.channel();
    const consumer = await collect(holding, queue);
    await consumer.arrived(3);
    await holding.close();
    const channel = await harness.channel();
    await eventually(
      () => channel.checkQueue(queue),
      (state) => state.messageCount === 3,
      'all are back',
    );
    expect(await drain(channel, queue)).toEqual(['0', '1', '2']);
  });

  it('knows the tags that are outstanding', async () => {
    const queue = await filled(2);
    for (const tag of [1, 99]) {
      const closed = await harness.closedBy(async (channel) => {
        const message = await channel.get(queue);
        if (message === false) throw new Error('empty');
        if (tag === 1) channel.ack(message);
        channel.ack({ ...message, fields: { ...message.fields, deliveryTag: tag } });
      });
      expect(closed).toEqual({
        scope: 'channel',
        code: 406,
        text: `PRECONDITION_FAILED - unknown delivery tag ${tag}`,
        method: '60.80',
      });
    }
  });

  it('acknowledges several at once', async () => {
    const queue = await filled(5);
    const channel = await harness.channel();
    const got = [];
    for (let index = 0; index < 4; index += 1) got.push(await nextMessage(channel, queue, false));
    const third = got[2];
    if (third !== undefined) channel.ack(third, true);
    await channel.close();
    const other = await harness.channel();
    await eventually(
      () => other.checkQueue(queue),
      (state) => state.messageCount === 2,
      'the fourth is back',
    );
    expect(await drain(other, queue)).toEqual(['3', '4']);
  });

  it('keeps a queue to an exclusive consumer', async () => {
    const queue = await harness.queue();
    const channel = await harness.channel();
    await channel.consume(queue, () => undefined, { exclusive: true });
    const closed = { scope: 'channel', code: 403, method: '60.20' };
    const text = `ACCESS_REFUSED - queue '${queue}' in vhost '/' in exclusive use`;
    expect(await harness.closedBy((other) => other.consume(queue, () => undefined))).toEqual({
      ...closed,
      text,
    });
    await channel.close();
    const shared = await harness.channel();
    await shared.consume(queue, () => undefined);
    expect(
      await harness.closedBy((other) => other.consume(queue, () => undefined, { exclusive: true })),
    ).toEqual({ ...closed, text });
  });

  it('refuses a tag that is taken', async () => {
    const queue = await harness.queue();
    const closed = await harness.closedBy(async (channel) => {
      await channel.consume(queue, () => undefined, { consumerTag: 'twice' });
      await channel.consume(queue, () => undefined, { consumerTag: 'twice' });
    });
    expect(closed).toMatchObject({
      scope: 'connection',
      code: 530,
      text: "NOT_ALLOWED - attempt to reuse consumer tag 'twice'",
    });
  });

  it('delivers nothing after a consumer is cancelled', async () => {
    const queue = await harness.queue();
    const channel = await harness.confirmChannel();
    const consumer = await collect(channel, queue, { noAck: true });
    await channel.cancel(consumer.consumerTag);
    await channel.cancel('was-never-there');
    channel.sendToQueue(queue, Buffer.from('x'));
    await channel.waitForConfirms();
    await sleep(QUIET_MS);
    expect(consumer.messages).toHaveLength(0);
    expect(await drain(channel, queue)).toEqual(['x']);
  });

  it.each([
    'classic',
    'quorum',
  ])('delivers nothing more of a %s queue to a cancelled consumer that still settles', async (type) => {
    const queue = await harness.queue({ arguments: { 'x-queue-type': type } });
    const publisher = await harness.confirmChannel();
    for (const text of ['a', 'b', 'c', 'd']) publisher.sendToQueue(queue, Buffer.from(text));
    await publisher.waitForConfirms();
    const channel = await harness.channel();
    await channel.prefetch(2);
    const consumer = await collect(channel, queue);
    await consumer.arrived(2);
    await channel.cancel(consumer.consumerTag);
    for (const message of consumer.messages) channel.ack(message);
    await channel.checkQueue(queue);
    expect(consumer.texts()).toEqual(['a', 'b']);
    const next = await nextMessage(channel, queue);
    expect(next.content.toString()).toBe('c');
    expect(next.fields.redelivered).toBe(false);
    await channel.close();
  });

  it('tells consumers that their queue is gone', async () => {
    const queue = await harness.queue();
    const channel = await harness.channel();
    const consumer = await collect(channel, queue);
    await (await harness.channel()).deleteQueue(queue);
    await eventually(consumer.isCancelled, Boolean, 'the consumer is told');
    await channel.assertQueue(queue);
  });

  it('delivers to one consumer at a time where only one may be active', async () => {
    const queue = await harness.queue({ arguments: { 'x-single-active-consumer': true } });
    const channel = await harness.confirmChannel();
    const first = await collect(channel, queue, { noAck: true });
    const second = await collect(channel, queue, { noAck: true });
    channel.sendToQueue(queue, Buffer.from('a'));
    channel.sendToQueue(queue, Buffer.from('b'));
    await first.arrived(2);
    await channel.cancel(first.consumerTag);
    channel.sendToQueue(queue, Buffer.from('c'));
    await second.arrived(1);
    expect([first.texts(), second.texts()]).toEqual([['a', 'b'], ['c']]);
    await channel.close();
  });

  it('refuses what the protocol has and nobody implements', async () => {
    type Raw = { _rpc(method: number, fields: object, expect: number, done: () => void): void };
    const rpc = (method: number, fields: object) => (channel: unknown) =>
      (channel as Raw)._rpc(method, fields, 0, () => undefined);
    const qos = 60 * 65_536 + 10;
    const recover = 60 * 65_536 + 110;
    const flow = 20 * 65_536 + 20;
    for (const [action, text] of [
      [rpc(qos, { prefetchSize: 10, prefetchCount: 0, global: false }), 'prefetch_size!=0 (10)'],
      [rpc(recover, { requeue: false }), 'requeue=false'],
      [rpc(flow, { active: false }), 'active=false'],
    ] as const)
      expect(await harness.closedBy(action)).toMatchObject({
        scope: 'connection',
        code: 540,
        text: `NOT_IMPLEMENTED - ${text}`,
      });
  });

  it('does not know a limit for the channel on quorum queues', async () => {
    const queue = await harness.queue({ arguments: { 'x-queue-type': 'quorum' } });
    const closed = await harness.closedBy(async (channel) => {
      await channel.prefetch(1, true);
      await channel.consume(queue, () => undefined);
    });
    expect(closed).toMatchObject({
      scope: 'connection',
      code: 540,
      text: `NOT_IMPLEMENTED - queue '${queue}' in vhost '/' does not support global qos`,
    });
  });

  it('counts how often a quorum queue has had a message back', async () => {
    const queue = await filled(1, { arguments: { 'x-queue-type': 'quorum' } });
    const channel = await harness.channel();
    const counts: unknown[] = [];
    await channel.prefetch(1);
    await channel.consume(queue, (message) => {
      if (message === null) return;
      counts.push(message.properties.headers?.['x-delivery-count'], message.fields.redelivered);
      if (counts.length < 6) channel.nack(message);
      else channel.ack(message);
    });
    await eventually(
      () => counts.length,
      (length) => length === 6,
      'three deliveries',
    );
    expect(counts).toEqual([undefined, false, 1, true, 2, true]);
    await channel.close();
  });

  it.each([
    ['classic', 'x-stream-offset', 'first', ' of queue type rabbit_classic_queue'],
    ['classic', 'x-stream-offset', 7, ' of queue type rabbit_classic_queue'],
    ['quorum', 'x-stream-offset', 'next', ' of queue type rabbit_quorum_queue'],
    ['quorum', 'x-cancel-on-ha-failover', true, ' of queue type rabbit_quorum_queue'],
    ['classic', 'x-cancel-on-ha-failover', 'yes', ': {unacceptable_type,longstr}'],
    ['classic', 'x-priority', 'high', ': "expected integer, got longstr"'],
    ['quorum', 'x-priority', 1.5, ': "expected integer, got double"'],
  ])('refuses a consumer of a %s queue with %s %j', async (type, key, value, fault) => {
    const queue = await harness.queue({ arguments: { 'x-queue-type': type } });
    const closed = await harness.closedBy((channel) =>
      channel.consume(queue, () => undefined, { arguments: { [key]: value } }),
    );
    expect([closed.code, closed.text]).toEqual([
      406,
      `PRECONDITION_FAILED - invalid arg '${key}' for queue '${queue}' in vhost '/'${fault}`,
    ]);
  });

  it('takes arguments of consumers that it does not know', async () => {
    const queue = await harness.queue();
    const channel = await harness.channel();
    await channel.consume(queue, () => undefined, {
      arguments: { 'x-unknown': 'a', 'x-cancel-on-ha-failover': true },
    });
    await channel.close();
  });
}
