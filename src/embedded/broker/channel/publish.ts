import { AmqpError } from '../errors.ts';
import { Message } from '../message.ts';
import { REPLY_QUEUE } from '../names.ts';
import type { Channel } from './channel.ts';
import type { CompletePublish } from './content.ts';
import type { RoutedPublish } from './transaction.ts';

/** A publish has arrived: it is checked, routed, and put into the queues or into the transaction. */
export function publish(channel: Channel, content: CompletePublish): void {
  if (content.immediate) throw new AmqpError('NOT_IMPLEMENTED', 'immediate=true');
  const { vhost, username, assertMay, counters } = channel.context;
  assertMay('write', 'exchange', content.exchange);
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
  counters.received += 1;
  if (channel.confirming) counters.receivedToConfirm += 1;
  if (routed.queues.length > 0) counters.routed += 1;
  else if (!routed.mandatory) counters.unroutableDropped += 1;
  if (channel.transaction !== undefined) channel.transaction.publish(routed);
  else if (channel.confirming) putConfirmed(channel, routed, channel.confirms.begin());
  else put(channel, routed);
}

/** Puts a message into its queues without waiting for anything. */
function put(channel: Channel, { message, queues, mandatory }: RoutedPublish): void {
  for (const queue of queues) queue.publish(message);
  if (mandatory && queues.length === 0) giveBack(channel, message);
}

/**
 * Puts a message into its queues and tells once all of them have stored it, or one of them has not taken it.
 * Gives true when it has told already.
 */
export function putStored(
  channel: Channel,
  { message, queues, mandatory }: RoutedPublish,
  settled: (accepted: boolean) => void,
): boolean {
  // One more than the queues, so that it is not settled before it is in the last of them.
  let waiting = queues.length + 1;
  let accepted = true;
  // The store is not told of what goes wrong at those who wait for it.
  const done = channel.context.guarded((taken: boolean) => {
    if (!taken) accepted = false;
    waiting -= 1;
    if (waiting === 0) settled(accepted);
  });
  const publication = { stored: () => done(true), lost: () => done(false) };
  for (const queue of queues) {
    const outcome = queue.publish(message, publication);
    if (outcome !== 'storing') done(outcome === 'stored');
  }
  if (mandatory && queues.length === 0) giveBack(channel, message);
  done(true);
  return waiting === 0;
}

function putConfirmed(channel: Channel, routed: RoutedPublish, number: number): void {
  const isSettled = putStored(channel, routed, (accepted) => {
    channel.confirms.settle(number, accepted);
    if (accepted) channel.context.counters.confirmed += 1;
    channel.context.confirmLater(channel);
  });
  if (!isSettled) channel.confirms.postpone(number);
}

function giveBack(channel: Channel, message: Message): void {
  channel.context.counters.unroutableReturned += 1;
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
