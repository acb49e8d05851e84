import { AmqpError } from '../errors.ts';
import { withoutLineBreaks } from '../names.ts';
import type { Channel } from './channel.ts';

/** The queue that a method means: an empty name stands for the one that was declared last on the channel. */
export function namedQueue(channel: Channel, name: string): string {
  if (name !== '') return name;
  if (channel.lastQueue === '') throw new AmqpError('NOT_FOUND', 'no previously declared queue');
  return channel.lastQueue;
}

/** A binding lets messages flow: its maker needs to read at the source and to write at the destination. */
export function assertMayBind(
  channel: Channel,
  kind: 'queue' | 'exchange',
  destination: string,
  source: string,
): void {
  const { assertMay } = channel.context;
  assertMay('write', kind, withoutLineBreaks(destination));
  assertMay('read', 'exchange', withoutLineBreaks(source));
}
