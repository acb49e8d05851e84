import type { BrokerState } from '../state.ts';
import { list } from './lists.ts';
import { created, newName, noContent, ok, type Resource, vhostOf, vhostsOf } from './resource.ts';
import { tagsOf } from './tags.ts';

export const virtualHosts: Resource[] = [
  {
    path: '/api/vhosts',
    GET: (request) =>
      list(
        request,
        vhostsOf(request).map(({ name }) => show(request.state, name)),
        ['name'],
      ),
  },
  {
    path: '/api/vhosts/:vhost',
    role: 'administrator',
    GET: (request) => ok(show(request.state, vhostOf(request).name)),
    PUT: ({ state, account, path, body }) => {
      const name = newName('vhost', path.vhost);
      return state.vhosts.put(name, readLabels(body), account.name) ? created() : noContent;
    },
    DELETE: async (request) => {
      const { name } = vhostOf(request);
      for (const connection of request.state.connections)
        if (connection.vhost === name) connection.closeForced(`vhost '${name}' is deleted`);
      await request.state.vhosts.delete(name);
      return noContent;
    },
  },
  {
    path: '/api/vhosts/:vhost/permissions',
    role: 'administrator',
    GET: (request) => {
      const { name } = vhostOf(request);
      return ok(request.state.vhosts.accounts.grants.filter(({ vhost }) => vhost === name));
    },
  },
];

/** The labels of a virtual host; exported definitions have them in `metadata`. */
export function readLabels(body: Record<string, unknown>): { description: string; tags: string[] } {
  const metadata = typeof body.metadata === 'object' && body.metadata !== null ? body.metadata : {};
  const given: Record<string, unknown> = { ...metadata, ...body };
  return { description: String(given.description ?? ''), tags: tagsOf(given.tags ?? '') };
}

function show(state: BrokerState, name: string): Record<string, unknown> {
  const { description, tags } = state.vhosts.labels(name);
  const queues = [...(state.vhosts.get(name)?.queues.values() ?? [])];
  const clients = [...state.connections].filter(({ vhost }) => vhost === name);
  const sum = <Item>(items: readonly Item[], of: (item: Item) => number) =>
    items.reduce((total, item) => total + of(item), 0);
  const ready = sum(queues, ({ readyCount }) => readyCount);
  const unacknowledged = sum(queues, (queue) => queue.unacknowledged);
  return {
    name,
    description,
    tags,
    default_queue_type: 'undefined',
    metadata: { description, tags },
    tracing: false,
    messages: ready + unacknowledged,
    messages_ready: ready,
    messages_unacknowledged: unacknowledged,
    message_stats: {
      publish: sum(queues, ({ stats }) => stats.published),
      deliver_get: sum(queues, ({ stats }) => stats.delivered),
      ack: sum(queues, ({ stats }) => stats.acknowledged),
    },
    recv_oct: sum(clients, ({ socket }) => socket.bytesRead),
    send_oct: sum(clients, ({ socket }) => socket.bytesWritten),
    cluster_state: { [state.nodeName]: 'running' },
  };
}
