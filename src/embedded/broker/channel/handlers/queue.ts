import type { Table } from '../../codec/table.ts';
import { AmqpError } from '../../errors.ts';
import { REPLY_QUEUE, withoutLineBreaks } from '../../names.ts';
import type { BindingRequest } from '../../virtual-host/bindings.ts';
import type { Channel } from '../channel.ts';
import { assertMayBind, namedQueue } from '../targets.ts';
import type { Handlers } from './index.ts';

function bindingOf(
  channel: Channel,
  fields: { queue: string; exchange: string; routingKey: string; arguments: BindingRequest['arguments'] },
): BindingRequest {
  const name = namedQueue(channel, fields.queue);
  return {
    source: fields.exchange,
    destination: { kind: 'queue', name },
    // With no queue named, an empty key means the queue's name.
    routingKey: fields.queue === '' && fields.routingKey === '' ? name : fields.routingKey,
    arguments: fields.arguments,
  };
}

/** Who gives a queue a dead-letter exchange makes messages go from here to there. */
function assertMayDeclareQueue(channel: Channel, name: string, declared: Table): void {
  const { assertMay } = channel.context;
  assertMay('configure', 'queue', name);
  const exchange = declared.get('x-dead-letter-exchange');
  if (exchange?.type !== 'longstr') return;
  assertMay('read', 'queue', name);
  assertMay('write', 'exchange', String(exchange.value));
}

export const queueHandlers: Handlers = {
  'queue.declare': (channel, fields) => {
    const { vhost, owner, replies } = channel.context;
    const name = withoutLineBreaks(fields.queue);
    if (name.startsWith(REPLY_QUEUE)) {
      // An address asks whether somebody still waits there; whatever was asked for, nothing is created.
      if (name !== REPLY_QUEUE && !replies.has(name))
        throw new AmqpError('NOT_FOUND', `no ${vhost.describe('queue', name)}`);
      channel.lastQueue = name;
      if (!fields.nowait)
        channel.send('queue.declare-ok', { queue: name, messageCount: 0, consumerCount: 1 });
      return;
    }
    const queue = fields.passive
      ? vhost.queue(name, owner)
      : vhost.declareQueue(
          name,
          {
            durable: fields.durable,
            autoDelete: fields.autoDelete,
            exclusiveOwner: fields.exclusive ? owner : undefined,
            arguments: fields.arguments,
          },
          (finalName) => assertMayDeclareQueue(channel, finalName, fields.arguments),
        );
    channel.context.counters.queuesDeclared += 1;
    queue.touch();
    channel.lastQueue = queue.name;
    if (!fields.nowait)
      channel.send('queue.declare-ok', {
        queue: queue.name,
        messageCount: queue.readyCount,
        consumerCount: queue.consumers.count,
      });
  },

  'queue.bind': (channel, fields) => {
    const { vhost, owner } = channel.context;
    assertMayBind(channel, 'queue', namedQueue(channel, fields.queue), fields.exchange);
    vhost.bindings.bind(bindingOf(channel, fields), owner);
    if (!fields.nowait) channel.send('queue.bind-ok', {});
  },

  'queue.unbind': (channel, fields) => {
    const { vhost, owner } = channel.context;
    assertMayBind(channel, 'queue', namedQueue(channel, fields.queue), fields.exchange);
    vhost.bindings.unbind(bindingOf(channel, fields), owner);
    channel.send('queue.unbind-ok', {});
  },

  'queue.purge': (channel, fields) => {
    const { vhost, owner, assertMay } = channel.context;
    const name = namedQueue(channel, fields.queue);
    assertMay('read', 'queue', name);
    const messageCount = vhost.queue(name, owner).purge();
    if (!fields.nowait) channel.send('queue.purge-ok', { messageCount });
  },

  'queue.delete': (channel, fields) => {
    const { vhost, owner, assertMay } = channel.context;
    const name = namedQueue(channel, fields.queue);
    assertMay('configure', 'queue', name);
    const messageCount = vhost.deleteQueue(name, owner, fields);
    if (!fields.nowait) channel.send('queue.delete-ok', { messageCount });
  },
};
