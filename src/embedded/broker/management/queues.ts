import { tableToJson } from '../codec/json.ts';
import type { Queue } from '../queue/queue.ts';
import { assertMay } from './access.ts';
import { showConsumer } from './consumers.ts';
import { columns, list } from './lists.ts';
import {
  argumentsOf,
  created,
  flag,
  newName,
  noContent,
  objectNotFound,
  ok,
  type Request,
  type Resource,
  vhostOf,
  vhostsOf,
  vhostToChange,
} from './resource.ts';

export const queues: Resource[] = [
  { path: '/api/queues', GET: listQueues },
  { path: '/api/queues/:vhost', GET: listQueues },
  {
    path: '/api/queues/:vhost/:name',
    GET: (request) => {
      const queue = existingQueue(request);
      const consumers = [...queue.consumers].map((consumer) => showConsumer(request.state, consumer));
      const shown = show(request, queue);
      return ok(
        columns(request.query, { ...shown, consumer_details: consumers, deliveries: [], incoming: [] }),
      );
    },
    PUT: (request) => {
      const vhost = vhostToChange(request);
      const name = newName('queue', request.path.name);
      const { body } = request;
      const known = vhost.queues.has(name);
      assertMay(request, 'configure', 'queue', name);
      vhost.declareQueue(name, {
        durable: flag(body.durable, 'durable'),
        autoDelete: flag(body.auto_delete, 'auto_delete'),
        exclusiveOwner: undefined,
        arguments: argumentsOf(body),
      });
      return known ? noContent : created();
    },
    DELETE: (request) => {
      const queue = existingQueue(request);
      assertMay(request, 'configure', 'queue', queue.name);
      vhostOf(request).deleteQueue(queue.name, undefined, {
        ifUnused: request.query.get('if-unused') === 'true',
        ifEmpty: request.query.get('if-empty') === 'true',
      });
      return noContent;
    },
  },
  {
    path: '/api/queues/:vhost/:name/contents',
    DELETE: (request) => {
      const queue = existingQueue(request);
      assertMay(request, 'read', 'queue', queue.name);
      vhostOf(request).queue(queue.name, undefined).purge();
      return noContent;
    },
  },
];

/** The queue in the path. */
export function existingQueue(request: Request): Queue {
  const queue = vhostOf(request).queues.get(request.path.name ?? '');
  if (queue === undefined) throw objectNotFound();
  return queue;
}

function listQueues(request: Request) {
  const items = vhostsOf(request).flatMap((vhost) =>
    [...vhost.queues.values()].map((queue) => show(request, queue, vhost.name)),
  );
  return list(request, items, ['vhost', 'name']);
}

function show({ state, path }: Request, queue: Queue, vhost = path.vhost): Record<string, unknown> {
  const owner = [...state.connections].find((connection) => connection === queue.exclusiveOwner);
  const consumers = [...queue.consumers];
  const active = queue.settings.singleActiveConsumer ? consumers[0]?.tag : undefined;
  return {
    arguments: tableToJson(queue.arguments),
    auto_delete: queue.autoDelete,
    consumers: consumers.length,
    durable: queue.durable,
    effective_policy_definition: queue.policy?.definition ?? {},
    exclusive: queue.exclusiveOwner !== undefined,
    ...(owner === undefined ? {} : { owner_pid_details: { name: owner.name, ...owner.peerDetails } }),
    exclusive_consumer_tag: consumers.find((consumer) => consumer.exclusive)?.tag ?? null,
    message_bytes: queue.readyBytes + queue.unacknowledgedBytes,
    message_bytes_ready: queue.readyBytes,
    message_bytes_unacknowledged: queue.unacknowledgedBytes,
    message_stats: {
      publish: queue.stats.published,
      deliver_get: queue.stats.delivered,
      ack: queue.stats.acknowledged,
    },
    messages: queue.readyCount + queue.unacknowledged + queue.homelessCount,
    messages_ready: queue.readyCount,
    messages_unacknowledged: queue.unacknowledged,
    name: queue.name,
    node: state.nodeName,
    operator_policy: null,
    policy: queue.policy?.name ?? null,
    single_active_consumer_tag: active ?? null,
    state: queue.crashed ? 'crashed' : 'running',
    type: queue.settings.type,
    vhost,
  };
}
