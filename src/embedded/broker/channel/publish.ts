import { AmqpError } from '../errors.ts';
import { Message } from '../message.ts';
import { REPLY_QUEUE } from '../names.ts';
import type { Channel } from './channel.ts';
import type { CompletePublish } from './content.ts';
import type { RoutedPublish } from './transaction.ts';

/** A publish has arrived: it is checked, routed, and put into the queues or into the transaction. */
export function publish(channel: Channel, content: CompletePublish): void {
  if (content.immediate) throw new AmqpError('NOT_IMPLEMENTED', 'immediate=true');
  const { vhost, username } = channel.context;
  const exchange = vhost.exchange(content.exchange);
  if (exchange.internal)
    throw new AmqpError(
      'ACCESS_REFUSED',
      `cannot publish to internal ${vhost.describe('exchange', exchange.name)}`,
    );
  const message = withReplyAddress(
    channel,
    new Message(content.exchange, content.routingKey, content.address, content.properties, content.body),
  );
  if (message.userId !== undefined && message.userId !== username)
    throw new AmqpError(
      'PRECONDITION_FAILED',
      `user_id property set to '${message.userId}' but authenticated user was '${username}'`,
    );
  const routed: RoutedPublish = {
    queues: vhost.route(exchange, message),
    message: withoutBcc(message),
    mandatory: content.mandatory,
  };
  if (channel.transaction !== undefined) channel.transaction.publish(routed);
  else if (channel.confirming) putConfirmed(channel, routed, channel.confirms.begin());
  else put(channel, routed);
}

/** Puts a message into its queues without waiting for anything. Gives false when one of them was full. */
export function put(channel: Channel, { message, queues, mandatory }: RoutedPublish): boolean {
  let accepted = true;
  for (const queue of queues) if (queue.publish(message) === 'rejected') accepted = false;
  if (mandatory && queues.length === 0) giveBack(channel, message);
  return accepted;
}

/** Puts a message into its queues and confirms it once the last of them has stored it. */
function putConfirmed(channel: Channel, routed: RoutedPublish, number: number): void {
  const { message, queues, mandatory } = routed;
  let waiting = queues.length;
  let accepted = true;
  const settled = () => {
    channel.confirms.settle(number, accepted);
    channel.context.confirmLater(channel);
  };
  const publication = {
    stored: () => {
      waiting -= 1;
      if (waiting === 0) settled();
    },
  };
  for (const queue of queues) {
    const outcome = queue.publish(message, publication);
    if (outcome === 'rejected') accepted = false;
    if (outcome !== 'storing') waiting -= 1;
  }
  if (mandatory && queues.length === 0) giveBack(channel, message);
  if (waiting === 0) settled();
  else channel.confirms.postpone(number);
}

function giveBack(channel: Channel, message: Message): void {
  channel.context.outbox.content(
    channel.number,
    'basic.return',
    {
      replyCode: 312,
      replyText: 'NO_ROUTE',
      exchange: message.exchange,
      routingKey: message.routingKey,
    },
    message,
  );
}

/** Puts the real address in the place of the pseudo-queue of direct reply-to. */
function withReplyAddress(channel: Channel, message: Message): Message {
  if (message.replyTo !== REPLY_QUEUE) return message;
  const { replyConsumer } = channel;
  if (replyConsumer === undefined)
    throw new AmqpError('PRECONDITION_FAILED', 'fast reply consumer does not exist');
  return message.withProperties((properties) => ({ ...properties, reply_to: replyConsumer.address }));
}

/** Blind copies are blind: the header has done its work once the message is routed. */
function withoutBcc(message: Message): Message {
  if (message.extraRoutingKeys === undefined || !message.headers.has('BCC')) return message;
  return message.withProperties((properties) => {
    const headers = new Map(properties.headers);
    headers.delete('BCC');
    return { ...properties, headers };
  });
}
