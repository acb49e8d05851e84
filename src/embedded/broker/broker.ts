import { createServer, type Server, type Socket } from 'node:net';
import { hostname } from 'node:os';
import type { Log } from '../program.ts';
import type { BrokerConfiguration } from './configuration.ts';
import { Connection } from './connection.ts';
import { createManagement } from './management/server.ts';
import type { Message } from './message.ts';
import { DurableStore } from './store/durable.ts';
import { volatileStore } from './store.ts';
import { VirtualHost } from './virtual-host.ts';

/** How long clients may take to say goodbye when the broker ends. */
const GOODBYE_MS = 1_000;
/** Outgoing bytes that a socket takes before it asks to wait. */
const SOCKET_BUFFER_BYTES = 262_144;

export interface RunningBroker {
  /** The port that AMQP is spoken on. */
  port: number;
  managementPort: number;
  /** Asks every client to go, and ends. */
  close(): Promise<void>;
}

/** What the management API reads of the broker. */
export interface BrokerState {
  readonly nodeName: string;
  readonly user: string;
  readonly startedAt: number;
  readonly vhosts: ReadonlyMap<string, VirtualHost>;
  readonly connections: ReadonlySet<Connection>;
  readonly ports: { amqp: number; management: number };
}

/**
 * Starts the broker and its management API; both accept connections once this resolves.
 * Throws when a port is taken, or when another broker works on the folder (BROKER_DATA_IN_USE).
 */
export async function startBroker(configuration: BrokerConfiguration, log: Log): Promise<RunningBroker> {
  const { dataFolder, journalSlackBytes } = configuration;
  const store =
    dataFolder === undefined
      ? undefined
      : new DurableStore(dataFolder, log, { slackBytes: journalSlackBytes });
  try {
    return await serve(configuration, store, log);
  } catch (error) {
    await store?.close();
    throw error;
  }
}

async function serve(
  configuration: BrokerConfiguration,
  store: DurableStore | undefined,
  log: Log,
): Promise<RunningBroker> {
  const { host, user, password } = configuration;
  const replyConsumers = new Map<string, (message: Message) => void>();
  const vhost = new VirtualHost(configuration.vhost, store ?? volatileStore, {
    deliver: (address, message) => replyConsumers.get(address)?.(message),
  });
  if (store !== undefined) vhost.restore(store.image);
  const vhosts = new Map([[vhost.name, vhost]]);
  const connections = new Set<Connection>();
  const nodeName = `qbtc@${hostname()}`;
  const environment = {
    credentials: { user, password },
    vhosts,
    replies: {
      register: (address: string, deliver: (message: Message) => void) =>
        void replyConsumers.set(address, deliver),
      unregister: (address: string) => void replyConsumers.delete(address),
      has: (address: string) => replyConsumers.has(address),
    },
    nodeName,
    log,
    closed: (connection: Connection) => void connections.delete(connection),
  };
  const amqp = createServer({ highWaterMark: SOCKET_BUFFER_BYTES }, (socket: Socket) => {
    connections.add(new Connection(socket, environment));
  });
  const port = await listen(amqp, host, configuration.port);
  const state: BrokerState = {
    nodeName,
    user,
    startedAt: Date.now(),
    vhosts,
    connections,
    ports: { amqp: port, management: configuration.managementPort },
  };
  const management = createManagement(state, { user, password }, log);
  let managementPort: number;
  try {
    managementPort = await listen(management, host, configuration.managementPort);
  } catch (error) {
    await end(amqp);
    vhost.close();
    throw error;
  }
  state.ports.management = managementPort;
  log('info', 'broker listening', { host, port, managementPort, vhost: vhost.name });

  return {
    port,
    managementPort,
    close: async () => {
      const ended = Promise.all([end(amqp), end(management)]);
      for (const connection of connections) connection.closeForced('broker is shutting down');
      management.closeAllConnections();
      const force = setTimeout(() => {
        for (const connection of connections) connection.socket.destroy();
      }, GOODBYE_MS);
      await ended;
      clearTimeout(force);
      vhost.close();
      await store?.close();
    },
  };
}

/** Gives the port, once the server accepts connections. */
function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      const address = server.address();
      resolve(address !== null && typeof address === 'object' ? address.port : port);
    });
  });
}

function end(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}
