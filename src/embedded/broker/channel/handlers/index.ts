import type { MethodFields, MethodName } from '../../codec/methods.ts';
import type { Channel } from '../channel.ts';
import { basicHandlers } from './basic.ts';
import { confirmHandlers } from './confirm.ts';
import { exchangeHandlers } from './exchange.ts';
import { queueHandlers } from './queue.ts';
import { sessionHandlers } from './session.ts';
import { txHandlers } from './tx.ts';

/** What a method does on an open channel. Answers are sent by the handler; refusals are thrown. */
export type Handlers = {
  [Name in MethodName]?: (channel: Channel, fields: MethodFields<Name>) => void;
};

/** Every method that a client may call on a channel, but those that open and close it and `basic.publish`. */
export const HANDLERS: Handlers = {
  ...sessionHandlers,
  ...exchangeHandlers,
  ...queueHandlers,
  ...basicHandlers,
  ...confirmHandlers,
  ...txHandlers,
};
