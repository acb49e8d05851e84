import type { BrokerState } from '../broker.ts';
import { list } from './lists.ts';
import { created, noContent, ok, type Resource, vhostOf, vhostsOf } from './resource.ts';
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
      const labels = { description: String(body.description ?? ''), tags: tagsOf(body.tags ?? '') };
      return state.vhosts.put(path.vhost ?? '', labels, account.name) ? created() : noContent;
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

function show(state: BrokerState, name: string): Record<string, unknown> {
  const { description, tags } = state.vhosts.labels(name);
  return {
    name,
    description,
    tags,
    default_queue_type: 'undefined',
    metadata: { description, tags },
    tracing: false,
    cluster_state: { [state.nodeName]: 'running' },
  };
}
