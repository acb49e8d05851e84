import { AmqpError } from '../../errors.ts';
import type { Handlers } from './index.ts';

export const confirmHandlers: Handlers = {
  'confirm.select': (channel, { nowait }) => {
    if (channel.transaction !== undefined)
      throw new AmqpError('PRECONDITION_FAILED', 'cannot switch from tx to confirm mode');
    channel.confirming = true;
    if (!nowait) channel.send('confirm.select-ok', {});
  },
};
