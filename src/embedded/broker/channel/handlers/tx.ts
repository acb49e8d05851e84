import { AmqpError } from '../../errors.ts';
import type { Channel } from '../channel.ts';
import { putStored } from '../publish.ts';
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
    let waiting = publishes.length + 1;
    let complete = true;
    const done = (accepted: boolean) => {
      if (!accepted) complete = false;
      waiting -= 1;
      if (waiting > 0 || !channel.isOpen) return;
      if (complete) channel.send('tx.commit-ok', {});
      else channel.closeWith(new AmqpError('PRECONDITION_FAILED', 'partial tx completion'), 'tx.commit');
    };
    for (const publish of publishes) putStored(channel, publish, done);
    for (const { deliveries, how } of settlements) channel.settleNow(deliveries, how);
    done(true);
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
