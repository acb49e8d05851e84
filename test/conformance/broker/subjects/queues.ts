import type { Channel } from 'amqplib';
import { expect, it } from 'vitest';
import { drain, eventually, type Harness } from '../harness.ts';

export function queues(harness: Harness): void {
  it('gives a name to one that has none, and remembers it for the channel', async () => {
    const channel = await harness.channel();
    const { queue, messageCount, consumerCount } = await channel.assertQueue('', { exclusive: true });
    expect(queue).toMatch(/^amq\.gen-[A-Za-z0-9_-]{22}$/);
    expect({ messageCount, consumerCount }).toEqual({ messageCount: 0, consumerCount: 0 });
    await channel.bindQueue('', 'amq.direct', '');
    channel.publish('amq.direct', queue, Buffer.from('to its own name'));
    await eventually(
      () => channel.checkQueue(queue),
      (state) => state.messageCount === 1,
      'the message',
    );
    await channel.deleteQueue(queue);
  });

  it('counts messages and consumers', async () => {
    const queue = await harness.queue();
    const channel = await harness.confirmChannel();
    for (const text of ['a', 'b', 'c']) channel.sendToQueue(queue, Buffer.from(text));
    await channel.waitForConfirms();
    expect(await channel.checkQueue(queue)).toEqual({ queue, messageCount: 3, consumerCount: 0 });
    expect(await channel.purgeQueue(queue)).toEqual({ messageCount: 3 });
    channel.sendToQueue(queue, Buffer.from('d'));
    await channel.waitForConfirms();
    expect(await channel.deleteQueue(queue)).toEqual({ messageCount: 1 });
    expect(await channel.deleteQueue(queue)).toEqual({ messageCount: 0 });
  });

  it.each([
    ['durable', { durable: false }, "received 'false' but current is 'true'"],
    ['auto_delete', { autoDelete: true }, "received 'true' but current is 'false'"],
    ['x-message-ttl', { messageTtl: 5 }, "received '5' but current is '1000'"],
    [
      'x-message-ttl',
      { messageTtl: undefined },
      "received none but current is the value '1000' of type 'signedint'",
    ],
    [
      'x-max-length',
      { maxLength: 70000 },
      "received the value '70000' of type 'signedint' but current is none",
    ],
    [
      'x-queue-type',
      { arguments: { 'x-queue-type': 'quorum' } },
      "received the value 'quorum' of type 'longstr' but current is none",
    ],
  ])('refuses a redeclaration with another %s (%j)', async (argument, changes, text) => {
    const options = { messageTtl: { '!': 'int32', value: 1000 } as unknown as number };
    const queue = await harness.queue(options);
    const closed = await harness.closedBy((channel) =>
      channel.assertQueue(queue, { ...options, ...changes }),
    );
    expect(closed).toEqual({
      scope: 'channel',
      code: 406,
      text: `PRECONDITION_FAILED - inequivalent arg '${argument}' for queue '${queue}' in vhost '/': ${text}`,
      method: '50.10',
    });
  });

  it('does not mind the width of a number, an explicit classic type, or arguments that it does not know', async () => {
    const queue = await harness.queue({ messageTtl: 1000, arguments: { 'x-mine': 1 } });
    const channel = await harness.channel();
    const wide = { '!': 'int64', value: 1000 } as unknown as number;
    await channel.assertQueue(queue, {
      messageTtl: wide,
      arguments: { 'x-queue-type': 'classic', 'x-mine': 2 },
    });
  });

  it.each([
    ['x-message-ttl', -1, '{value_negative,-1}'],
    ['x-message-ttl', 'text', '"expected integer, got longstr"'],
    ['x-message-ttl', 315_360_000_001, '{value_too_large,315360000001}'],
    ['x-expires', 0, '{value_zero,0}'],
    ['x-max-length', -5, '{value_negative,-5}'],
    ['x-max-priority', 256, '{max_value_exceeded,256}'],
    ['x-overflow', 'bogus', 'invalid_overflow'],
    ['x-dead-letter-routing-key', 'key', 'routing_key_but_no_dlx_defined'],
    ['x-queue-mode', 'bogus', '"unsupported queue mode \'bogus\'"'],
    ['x-queue-type', 'bogus', '"unsupported queue type \'bogus\'"'],
    ['x-single-active-consumer', 'yes', '{unacceptable_type,longstr}'],
  ])('refuses %s = %s', async (argument, value, fault) => {
    const queue = harness.queueName();
    const closed = await harness.closedBy((channel) =>
      channel.assertQueue(queue, { arguments: { [argument]: value } }),
    );
    expect(closed).toEqual({
      scope: 'channel',
      code: 406,
      text: `PRECONDITION_FAILED - invalid arg '${argument}' for queue '${queue}' in vhost '/': ${fault}`,
      method: '50.10',
    });
  });

  it.each([
    ['x-delivery-limit', 'classic'],
    ['x-max-priority', 'quorum'],
    ['x-max-age', 'classic'],
  ])('refuses %s for a %s queue', async (argument, type) => {
    const queue = harness.queueName();
    const closed = await harness.closedBy((channel) =>
      channel.assertQueue(queue, { arguments: { 'x-queue-type': type, [argument]: 3 } }),
    );
    expect(closed.text).toBe(
      `PRECONDITION_FAILED - invalid arg '${argument}' for queue '${queue}' in vhost '/' of queue type rabbit_${type}_queue`,
    );
  });

  it.each([
    ['auto-delete', { autoDelete: true }],
    ['exclusive-owner', { exclusive: true }],
    ['non-durable', { durable: false }],
  ])('refuses a quorum queue with the property %s', async (property, options) => {
    const queue = harness.queueName();
    const closed = await harness.closedBy((channel) =>
      channel.assertQueue(queue, { ...options, arguments: { 'x-queue-type': 'quorum' } }),
    );
    expect(closed.text).toBe(
      `PRECONDITION_FAILED - invalid property '${property}' for queue '${queue}' in vhost '/'`,
    );
  });

  it('refuses a quorum queue without a name', async () => {
    const closed = await harness.closedBy((channel) =>
      channel.assertQueue('', { arguments: { 'x-queue-type': 'quorum' } }),
    );
    expect(closed.text).toBe(
      'PRECONDITION_FAILED - Cannot declare a server-named queue for type rabbit_quorum_queue',
    );
  });

  it('refuses a reserved name', async () => {
    expect(await harness.closedBy((channel) => channel.assertQueue('amq.mine'))).toEqual({
      scope: 'channel',
      code: 403,
      text: "ACCESS_REFUSED - queue name 'amq.mine' contains reserved prefix 'amq.*'",
      method: '50.10',
    });
  });

  it('says which one is missing', async () => {
    const text = "NOT_FOUND - no queue 'no-such' in vhost '/'";
    const closed = { scope: 'channel', code: 404, text };
    for (const [method, action] of [
      ['50.10', (channel: Channel) => channel.checkQueue('no-such')],
      ['50.30', (channel: Channel) => channel.purgeQueue('no-such')],
      ['50.20', (channel: Channel) => channel.bindQueue('no-such', 'amq.topic', 'k')],
      ['60.70', (channel: Channel) => channel.get('no-such')],
      ['60.20', (channel: Channel) => channel.consume('no-such', () => undefined)],
    ] as const)
      expect(await harness.closedBy(action)).toEqual({ ...closed, method });
  });

  it('says that none has been declared when no name is given', async () => {
    expect(await harness.closedBy((channel) => channel.get(''))).toMatchObject({
      code: 404,
      text: 'NOT_FOUND - no previously declared queue',
    });
  });

  it('keeps an exclusive one to its connection', async () => {
    const connection = await harness.connect();
    const channel = await connection.createChannel();
    const { queue } = await channel.assertQueue('', { exclusive: true });
    const text =
      `RESOURCE_LOCKED - cannot obtain exclusive access to locked queue '${queue}' in vhost '/'. It could be ` +
      'originally declared on another connection or the exclusive property value does not match that of the original declaration.';
    const locked = text.length <= 255 ? text : `${text.slice(0, 252)}...`;
    for (const [method, action] of [
      ['50.10', (other: Channel) => other.checkQueue(queue)],
      ['60.70', (other: Channel) => other.get(queue)],
      ['60.20', (other: Channel) => other.consume(queue, () => undefined)],
      ['50.40', (other: Channel) => other.deleteQueue(queue)],
    ] as const)
      expect(await harness.closedBy(action)).toEqual({ scope: 'channel', code: 405, text: locked, method });
    await channel.checkQueue(queue);
    await connection.close();
  });

  it('refuses to redeclare as exclusive what is not', async () => {
    const queue = await harness.queue();
    expect((await harness.closedBy((channel) => channel.assertQueue(queue, { exclusive: true }))).code).toBe(
      405,
    );
  });

  it('deletes only an unused or empty one when asked to', async () => {
    const channel = await harness.confirmChannel();
    const queue = await harness.queue();
    channel.sendToQueue(queue, Buffer.from('x'));
    await channel.waitForConfirms();
    expect(await harness.closedBy((other) => other.deleteQueue(queue, { ifEmpty: true }))).toEqual({
      scope: 'channel',
      code: 406,
      text: `PRECONDITION_FAILED - queue '${queue}' in vhost '/' not empty`,
      method: '50.40',
    });
    await channel.consume(queue, () => undefined);
    expect(await harness.closedBy((other) => other.deleteQueue(queue, { ifUnused: true }))).toEqual({
      scope: 'channel',
      code: 406,
      text: `PRECONDITION_FAILED - queue '${queue}' in vhost '/' in use`,
      method: '50.40',
    });
    await channel.close();
  });

  it.each([
    ['if-unused', { ifUnused: true }],
    ['if-empty', { ifEmpty: true }],
  ])('knows no deletion of a quorum queue with %s', async (flag, options) => {
    const name = await harness.queue({ arguments: { 'x-queue-type': 'quorum' } });
    expect(await harness.closedBy((channel) => channel.deleteQueue(name, options))).toMatchObject({
      scope: 'connection',
      code: 540,
      text: `NOT_IMPLEMENTED - cannot delete queue '${name}' in vhost '/'. queue.delete operations with ${flag} flag set are not supported by quorum queues`,
    });
  });

  it('ends an auto-delete one with its last consumer, not before the first', async () => {
    const queue = await harness.queue({ autoDelete: true });
    const channel = await harness.channel();
    await channel.checkQueue(queue);
    const first = await channel.consume(queue, () => undefined);
    const second = await channel.consume(queue, () => undefined);
    await channel.cancel(first.consumerTag);
    await channel.checkQueue(queue);
    await channel.cancel(second.consumerTag);
    expect((await harness.closedBy((other) => other.checkQueue(queue))).code).toBe(404);
  });

  it('expires one that nobody uses', async () => {
    const queue = await harness.queue({ expires: 300 });
    await eventually(
      () => harness.management('GET', `/queues/%2F/${queue}`),
      (answer) => answer.status === 404,
      'the queue expires',
    );
  });

  it('binds once, however often it is asked to', async () => {
    const queue = await harness.queue();
    const channel = await harness.confirmChannel();
    for (let round = 0; round < 3; round += 1) await channel.bindQueue(queue, 'amq.topic', `${queue}.*`);
    channel.publish('amq.topic', `${queue}.a`, Buffer.from('once'));
    await channel.waitForConfirms();
    expect(await drain(channel, queue)).toEqual(['once']);
    await channel.unbindQueue(queue, 'amq.topic', 'was never bound');
    await channel.unbindQueue('no-such-queue', 'amq.topic', 'k');
    await channel.unbindQueue(queue, 'no-such-exchange', 'k');
    await channel.unbindQueue(queue, 'amq.topic', `${queue}.*`);
    channel.publish('amq.topic', `${queue}.a`, Buffer.from('twice'));
    await channel.waitForConfirms();
    expect(await drain(channel, queue)).toEqual([]);
  });
}
