import { Channel } from '../channel/channel.ts';
import { tableToJson } from '../codec/json.ts';
import type { Consumer } from '../queue/consumer.ts';
import type { BrokerState } from '../state.ts';
import { channelDetails } from './channels.ts';
import { list } from './lists.ts';
import { type Request, type Resource, vhostsOf } from './resource.ts';

export const consumers: Resource[] = [
  { path: '/api/consumers', GET: listConsumers },
  { path: '/api/consumers/:vhost', GET: listConsumers },
];

function listConsumers(request: Request) {
  const items = vhostsOf(request).flatMap((vhost) =>
    [...vhost.queues.values()].flatMap((queue) =>
      [...queue.consumers].map((consumer) => showConsumer(request.state, consumer)),
    ),
  );
  return list(request, items, ['consumer_tag']);
}

export function showConsumer(state: BrokerState, consumer: Consumer): Record<string, unknown> {
  const { queue, host } = consumer;
  const active = queue.consumers.isActive(consumer);
  const connection = [...state.connections].find(
    (each) => host instanceof Channel && each.channels.get(host.number) === host,
  );
  return {
    ack_required: !consumer.noAck,
    active,
    activity_status: queue.settings.singleActiveConsumer ? (active ? 'single_active' : 'waiting') : 'up',
    arguments: tableToJson(consumer.arguments),
    channel_details:
      connection !== undefined && host instanceof Channel ? channelDetails(connection, host) : {},
    consumer_tag: consumer.tag,
    exclusive: consumer.exclusive,
    prefetch_count: consumer.prefetch,
    queue: { name: queue.name, vhost: connection?.vhost ?? '' },
  };
}
