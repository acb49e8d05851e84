import { tableToJson } from '../codec/json.ts';
import type { Connection } from '../connection.ts';
import { list } from './lists.ts';
import { noContent, objectNotFound, ok, type Request, type Resource } from './resource.ts';

export const connections: Resource[] = [
  {
    path: '/api/connections',
    GET: (request) => {
      const open = [...request.state.connections].filter((connection) => connection.isRunning);
      return list(
        request,
        open.map((connection) => show(request, connection)),
        ['name'],
      );
    },
  },
  {
    path: '/api/connections/:name',
    GET: (request) => ok(show(request, existing(request))),
    DELETE: (request) => {
      existing(request).closeForced('Closed via management plugin');
      return noContent;
    },
  },
];

function existing({ state, path }: Request): Connection {
  const found = [...state.connections].find(({ name, isRunning }) => isRunning && name === path.name);
  if (found === undefined) throw objectNotFound();
  return found;
}

function show({ state }: Request, connection: Connection): Record<string, unknown> {
  const { handshake, socket } = connection;
  const properties = tableToJson(connection.clientProperties);
  return {
    auth_mechanism: handshake.mechanism,
    channel_max: handshake.channelMax,
    channels: connection.channels.size,
    client_properties: properties,
    connected_at: connection.connectedAt,
    frame_max: handshake.frameMax,
    host: socket.localAddress,
    name: connection.name,
    node: state.nodeName,
    ...connection.peerDetails,
    port: socket.localPort,
    protocol: 'AMQP 0-9-1',
    recv_oct: socket.bytesRead,
    send_oct: socket.bytesWritten,
    ssl: false,
    state: connection.isBlocked ? 'blocked' : 'running',
    timeout: handshake.heartbeat,
    type: 'network',
    user: handshake.username,
    ...(properties.connection_name === undefined ? {} : { user_provided_name: properties.connection_name }),
    user_who_performed_action: handshake.username,
    vhost: connection.vhost,
  };
}
