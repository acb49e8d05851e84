import { AmqpError } from '../../errors.ts';
import type { Channel } from '../channel.ts';
import { put } from '../publish.ts';
import { Transaction } from '../transaction.ts';
import type { Handlers } from './index.ts';

export const txHandlers: Handlers = {
  'tx.select': (channel) => {
    if (channel.confirming)
      throw new AmqpError('PRECONDITION_FAILED', 'cannot switch from confirm to tx mode');
    channel.transaction ??= new Transaction();
    channel.send('tx.select-ok', {});
  },

  'tx.commit': (channel) => {
    const { publishes, settlements } = transactionOf(channel).take();
    let complete = true;
    for (const publish of publishes) if (!put(channel, publish)) complete = false;
    for (const { deliveries, how } of settlements) channel.settleNow(deliveries, how);
    if (!complete) throw new AmqpError('PRECONDITION_FAILED', 'partial tx completion');
    channel.send('tx.commit-ok', {});
  },

  'tx.rollback': (channel) => {
    const { settlements } = transactionOf(channel).take();
    channel.deliveries.restore(settlements.flatMap(({ deliveries }) => deliveries));
    channel.send('tx.rollback-ok', {});
  },
};

function transactionOf(channel: Channel): Transaction {
  if (channel.transaction === undefined)
    throw new AmqpError('PRECONDITION_FAILED', 'channel is not transactional');
  return channel.transaction;
}
