import { AmqpError } from '../../errors.ts';
import type { Handlers } from './index.ts';

export const sessionHandlers: Handlers = {
  'access.request': (channel) => channel.send('access.request-ok', { ticket: 1 }),

  'channel.flow': (channel, { active }) => {
    if (!active) throw new AmqpError('NOT_IMPLEMENTED', 'active=false');
    channel.send('channel.flow-ok', { active });
  },
};
