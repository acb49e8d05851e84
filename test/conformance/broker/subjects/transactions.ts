import type { Channel } from 'amqplib';
import { expect, it } from 'vitest';
import { drain, eventually, type Harness, nextMessage } from '../harness.ts';

const CLASS = 90 * 65_536;
const [SELECT, COMMIT, ROLLBACK] = [CLASS + 10, CLASS + 20, CLASS + 30];

/** amqplib has no calls for transactions, but it knows their methods. */
function tx(channel: Channel, method: number): Promise<void> {
  type Raw = {
    _rpc(method: number, fields: object, expect: number, done: (error: Error | null) => void): void;
  };
  return new Promise((resolve, reject) =>
    (channel as unknown as Raw)._rpc(method, {}, method + 1, (error) =>
      error === null ? resolve() : reject(error),
    ),
  );
}

export function transactions(harness: Harness): void {
  it('publishes at the commit', async () => {
    const queue = await harness.queue();
    const [channel, other] = [await harness.channel(), await harness.channel()];
    await tx(channel, SELECT);
    channel.sendToQueue(queue, Buffer.from('a'));
    await channel.checkQueue(queue);
    expect((await other.checkQueue(queue)).messageCount).toBe(0);
    await tx(channel, COMMIT);
    expect(await drain(other, queue)).toEqual(['a']);
    channel.sendToQueue(queue, Buffer.from('b'));
    await tx(channel, ROLLBACK);
    await tx(channel, COMMIT);
    expect(await drain(other, queue)).toEqual([]);
    await channel.close();
  });

  it('settles at the commit', async () => {
    const queue = await harness.queue();
    const [channel, other] = [await harness.channel(), await harness.confirmChannel()];
    other.sendToQueue(queue, Buffer.from('a'));
    await other.waitForConfirms();
    await tx(channel, SELECT);
    const message = await nextMessage(channel, queue, false);
    channel.ack(message);
    await tx(channel, ROLLBACK);
    channel.ack(message);
    await tx(channel, COMMIT);
    await channel.close();
    await eventually(
      () => other.checkQueue(queue),
      (state) => state.messageCount === 0,
      'it stays settled',
    );
  });

  it('refuses a commit without a transaction, and confirms within one', async () => {
    expect(await harness.closedBy((channel) => tx(channel, COMMIT))).toEqual({
      scope: 'channel',
      code: 406,
      text: 'PRECONDITION_FAILED - channel is not transactional',
      method: '90.20',
    });
    expect(
      await harness.closedBy(async (channel) => {
        await tx(channel, SELECT);
        type Raw = { _rpc(method: number, fields: object, expect: number, done: () => void): void };
        (channel as unknown as Raw)._rpc(85 * 65_536 + 10, { nowait: false }, 0, () => undefined);
      }),
    ).toMatchObject({ code: 406, text: 'PRECONDITION_FAILED - cannot switch from tx to confirm mode' });
  });
}
