import { expect, it } from 'vitest';
import { collect, eventually, type Harness, within } from '../harness.ts';

export function alarms(harness: Harness): void {
  it('makes publishers wait while memory is short, tells them why, and loses nothing', async () => {
    const queue = await harness.queue();
    const publisher = await harness.connect();
    const channel = await publisher.createConfirmChannel();
    const consumer = await (await harness.connect()).createChannel();
    const received = await collect(consumer, queue, { noAck: true });
    const blocked = new Promise<string>((resolve) => publisher.once('blocked', resolve));
    const unblocked = new Promise<void>((resolve) => publisher.once('unblocked', () => resolve()));
    await harness.broker.setMemoryAlarm(true);
    try {
      await eventually(
        async () => (await harness.management('GET', '/health/checks/alarms')).status,
        (status) => status === 503,
        'the alarm',
      );
      channel.sendToQueue(queue, Buffer.from('first'));
      expect(await within(blocked, 'the publisher is told')).toBe('low on memory');
      channel.sendToQueue(queue, Buffer.from('second'));
      // Who only consumes is not held up.
      await consumer.checkQueue(queue);
      expect(received.texts()).not.toContain('second');
    } finally {
      await harness.broker.setMemoryAlarm(false);
    }
    await within(unblocked, 'the publisher is told that it is over');
    await channel.waitForConfirms();
    await received.arrived(2);
    expect(received.texts()).toEqual(['first', 'second']);
  });
}
