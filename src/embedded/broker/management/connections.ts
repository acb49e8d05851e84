import { tableToJson } from '../codec/json.ts';
import type { Connection } from '../connection/connection.ts';
import { list } from './lists.ts';
import { noContent, objectNotFound, ok, type Request, type Resource, vhostOf } from './resource.ts';

export const connections: Resource[] = [
  { path: '/api/connections', GET: (request) => listed(request, () => true) },
  {
    path: '/api/vhosts/:vhost/connections',
    GET: (request) => listed(request, ({ vhost }) => vhost === vhostOf(request).name),
  },
  {
    path: '/api/connections/username/:user',
    GET: (request) => listed(request, ({ handshake }) => handshake.username === request.path.user),
    DELETE: (request) => {
      const of = open(request).filter(({ handshake }) => handshake.username === request.path.user);
      for (const connection of of) connection.closeForced(reasonIn(request));
      return noContent;
    },
  },
  {
    path: '/api/connections/:name',
    GET: (request) => ok(show(request, existing(request))),
    DELETE: (request) => {
      existing(request).closeForced(reasonIn(request));
      return noContent;
    },
  },
];

/** What the client is told, as far as the operator says it. */
function reasonIn({ headers }: Request): string {
  const given = headers['x-reason'];
  // Headers are bytes to HTTP; what people write in them is UTF-8.
  return typeof given === 'string'
    ? Buffer.from(given, 'latin1').toString('utf8')
    : 'Closed via management plugin';
}

function open({ state }: Request): Connection[] {
  return [...state.connections].filter(({ isRunning }) => isRunning);
}

function listed(request: Request, isWanted: (connection: Connection) => boolean) {
  const found = open(request).filter(isWanted);
  return list(
    request,
    found.map((connection) => show(request, connection)),
    ['name'],
  );
}

function existing(request: Request): Connection {
  const found = open(request).find(({ name }) => name === request.path.name);
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
    state: connection.block.isOn ? 'blocked' : 'running',
    timeout: handshake.heartbeat,
    type: 'network',
    user: handshake.username,
    ...(properties.connection_name === undefined ? {} : { user_provided_name: properties.connection_name }),
    user_who_performed_action: handshake.username,
    vhost: connection.vhost,
  };
}
