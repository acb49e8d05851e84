import type { MethodFields } from '../../codec/methods.ts';
import { AmqpError } from '../../errors.ts';
import { generateName, REPLY_QUEUE } from '../../names.ts';
import { consumerPriority } from '../../queue/consumer-arguments.ts';
import type { Channel } from '../channel.ts';
import { namedQueue } from '../targets.ts';
import type { Handlers } from './index.ts';

export const basicHandlers: Handlers = {
  'basic.qos': (channel, { prefetchSize, prefetchCount, global }) => {
    if (prefetchSize !== 0) throw new AmqpError('NOT_IMPLEMENTED', `prefetch_size!=0 (${prefetchSize})`);
    if (global) channel.globalPrefetch = prefetchCount;
    else {
      // As in RabbitMQ a limit for each consumer takes the one of the channel away.
      channel.globalPrefetch = 0;
      channel.prefetch = prefetchCount;
    }
    channel.send('basic.qos-ok', {});
    channel.resumeConsumers();
  },

  'basic.consume': (channel, fields) => {
    if (channel.consumers.has(fields.consumerTag))
      throw new AmqpError('NOT_ALLOWED', `attempt to reuse consumer tag '${fields.consumerTag}'`);
    const tag = fields.consumerTag === '' ? generateName('amq.ctag') : fields.consumerTag;
    if (fields.queue !== REPLY_QUEUE) consumeQueue(channel, tag, fields);
    else {
      consumeReplies(channel, tag, fields.noAck);
      if (!fields.nowait) channel.send('basic.consume-ok', { consumerTag: tag });
    }
  },

  'basic.cancel': (channel, { consumerTag, nowait }) => {
    // A tag that is not known is answered all the same, as the specification demands.
    if (!nowait) channel.send('basic.cancel-ok', { consumerTag });
    if (channel.replyConsumer?.tag === consumerTag) {
      channel.context.replies.unregister(channel.replyConsumer.address);
      channel.replyConsumer = undefined;
    }
    const consumer = channel.consumers.get(consumerTag);
    if (consumer !== undefined) channel.cancel(consumer);
  },

  'basic.get': (channel, fields) => {
    const { vhost, owner, assertMay, counters } = channel.context;
    const name = namedQueue(channel, fields.queue);
    assertMay('read', 'queue', name);
    const queue = vhost.queue(name, owner);
    if (queue.settings.type === 'quorum' && queue.settings.singleActiveConsumer)
      throw new AmqpError(
        'RESOURCE_LOCKED',
        `cannot obtain access to locked ${vhost.describe('queue', queue.name)}. basic.get operations ` +
          'are not supported by quorum queues with single active consumer',
      );
    const entry = queue.get(fields.noAck);
    if (entry === undefined) {
      counters.queues[queue.settings.type].getEmpty += 1;
      channel.send('basic.get-empty', { clusterId: '' });
    } else channel.deliverGot(queue, entry, fields.noAck);
  },

  'basic.ack': (channel, { deliveryTag, multiple }) => channel.settle(deliveryTag, multiple, 'acknowledge'),

  'basic.reject': (channel, { deliveryTag, requeue }) =>
    channel.settle(deliveryTag, false, requeue ? 'requeue' : 'reject'),

  'basic.nack': (channel, { deliveryTag, multiple, requeue }) =>
    channel.settle(deliveryTag, multiple, requeue ? 'requeue' : 'reject'),

  'basic.recover': (channel, { requeue }) => {
    recover(channel, requeue);
    channel.send('basic.recover-ok', {});
  },

  'basic.recover-async': (channel, { requeue }) => recover(channel, requeue),
};

function recover(channel: Channel, requeue: boolean): void {
  if (!requeue) throw new AmqpError('NOT_IMPLEMENTED', 'requeue=false');
  channel.settleNow(channel.deliveries.takeAll(), 'requeue');
}

function consumeQueue(channel: Channel, tag: string, fields: MethodFields<'basic.consume'>): void {
  const { vhost, owner, assertMay } = channel.context;
  const name = namedQueue(channel, fields.queue);
  assertMay('read', 'queue', name);
  const queue = vhost.queue(name, owner);
  const described = vhost.describe('queue', queue.name);
  const { type, singleActiveConsumer } = queue.settings;
  if (type === 'quorum' && channel.globalPrefetch > 0)
    throw new AmqpError('NOT_IMPLEMENTED', `${described} does not support global qos`);
  const inUse = queue.consumers.hasExclusive || (fields.exclusive && queue.consumers.count > 0);
  if (inUse || (fields.exclusive && singleActiveConsumer))
    throw new AmqpError('ACCESS_REFUSED', `${described} in exclusive use`);
  const priority = consumerPriority(described, type, fields.arguments);
  const consumer = channel.consume(queue, {
    tag,
    noAck: fields.noAck,
    // Quorum queues take no notice of it.
    exclusive: fields.exclusive && type === 'classic',
    prefetch: channel.prefetch,
    priority,
    arguments: fields.arguments,
  });
  // The answer must stand before the first delivery.
  if (!fields.nowait) channel.send('basic.consume-ok', { consumerTag: tag });
  consumer.queue.dispatch();
}

function consumeReplies(channel: Channel, tag: string, noAck: boolean): void {
  if (!noAck) throw new AmqpError('PRECONDITION_FAILED', 'reply consumer cannot acknowledge');
  if (channel.replyConsumer !== undefined)
    throw new AmqpError('PRECONDITION_FAILED', 'reply consumer already set');
  const address = generateName('amq.gen').replace('amq.gen-', `${REPLY_QUEUE}.`);
  channel.replyConsumer = { tag, address };
  channel.context.replies.register(address, (message) => channel.deliverReply(message));
}
