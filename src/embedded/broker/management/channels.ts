import type { Channel } from '../channel/channel.ts';
import type { Connection } from '../connection/connection.ts';
import { list } from './lists.ts';
import { objectNotFound, ok, type Request, type Resource, vhostOf } from './resource.ts';

export const channels: Resource[] = [
  { path: '/api/channels', GET: (request) => list(request, all(request), ['name']) },
  {
    path: '/api/vhosts/:vhost/channels',
    GET: (request) => {
      const { name } = vhostOf(request);
      return list(
        request,
        all(request).filter(({ vhost }) => vhost === name),
        ['name'],
      );
    },
  },
  {
    path: '/api/connections/:connection/channels',
    GET: (request) => {
      const found = [...request.state.connections].find(({ name }) => name === request.path.connection);
      if (found === undefined) throw objectNotFound();
      return list(request, channelsOf(request, found), ['name']);
    },
  },
  {
    path: '/api/channels/:name',
    GET: (request) => {
      const found = all(request).find(({ name }) => name === request.path.name);
      if (found === undefined) throw objectNotFound();
      return ok(found);
    },
  },
];

function all(request: Request): Record<string, unknown>[] {
  return [...request.state.connections].flatMap((connection) => channelsOf(request, connection));
}

function channelsOf({ state }: Request, connection: Connection): Record<string, unknown>[] {
  return [...connection.channels.values()]
    .filter((channel) => channel.isOpen)
    .map((channel) => show(state.nodeName, connection, channel));
}

function show(node: string, connection: Connection, channel: Channel): Record<string, unknown> {
  return {
    acks_uncommitted: channel.transaction?.uncommittedAcks ?? 0,
    confirm: channel.confirming,
    connection_details: { name: connection.name, ...connection.peerDetails },
    consumer_count: channel.consumers.size,
    global_prefetch_count: channel.globalPrefetch,
    messages_unacknowledged: channel.deliveries.size,
    messages_uncommitted: channel.transaction?.uncommittedMessages ?? 0,
    messages_unconfirmed: channel.confirms.unconfirmed,
    name: `${connection.name} (${channel.number})`,
    node,
    number: channel.number,
    prefetch_count: channel.prefetch,
    state: 'running',
    transactional: channel.transaction !== undefined,
    user: connection.handshake.username,
    vhost: connection.vhost,
  };
}

/** Which channel it is, as other resources refer to it. */
export function channelDetails(connection: Connection, channel: Channel): Record<string, unknown> {
  return {
    connection_name: connection.name,
    name: `${connection.name} (${channel.number})`,
    node: '',
    number: channel.number,
    ...connection.peerDetails,
    user: connection.handshake.username,
  };
}
