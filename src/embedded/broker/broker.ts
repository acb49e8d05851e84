import { createServer, type Server, type Socket } from 'node:net';
import { hostname } from 'node:os';
import type { Log } from '../program.ts';
import { acceptsLoss } from '../storage/accept-loss.ts';
import type { BrokerConfiguration } from './configuration.ts';
import { Connection } from './connection/connection.ts';
import { type Counters, newCounters } from './counters.ts';
import { after, guarded, traceOf } from './guard.ts';
import { createManagement } from './management/server.ts';
import { MemoryAlarm } from './memory-alarm.ts';
import type { Message } from './message.ts';
import { createMetricsServer } from './metrics.ts';
import type { BrokerState } from './state.ts';
import { VirtualHosts } from './virtual-host/virtual-hosts.ts';

/** How long clients may take to say goodbye when the broker ends. */
const GOODBYE_MS = 1_000;
/** How long an HTTP connection may be idle: as in RabbitMQ. Node's five seconds are few on a busy machine. */
const HTTP_IDLE_MS = 60_000;
/** Outgoing bytes that a socket takes before it asks to wait. */
const SOCKET_BUFFER_BYTES = 262_144;

export interface RunningBroker {
  /** The port that AMQP is spoken on. */
  port: number;
  managementPort: number;
  metricsPort: number | undefined;
  /** Asks every client to go, and ends. */
  close(): Promise<void>;
}

/** What the broker reads of the machine around it. */
export interface BrokerSurroundings {
  /** How much memory it takes; left out: what the process has resident. */
  usedBytes?: () => number;
}

/**
 * Starts the broker, its management API and its metrics; all accept connections once this resolves.
 * Throws when a port is taken, when another broker works on the folder (BROKER_DATA_IN_USE), or when something that was
 * confirmed cannot be read in it (BROKER_DATA_DAMAGED).
 */
export async function startBroker(
  configuration: BrokerConfiguration,
  log: Log,
  { usedBytes = () => process.memoryUsage.rss() }: BrokerSurroundings = {},
): Promise<RunningBroker> {
  const replyConsumers = new Map<string, (message: Message) => void>();
  const counters = newCounters();
  const replies = { deliver: (address: string, message: Message) => replyConsumers.get(address)?.(message) };
  const vhosts = new VirtualHosts(configuration, replies, counters, log);
  try {
    await vhosts.restore(acceptsLoss(configuration.dataFolder, configuration.acceptLoss));
    return await serve(configuration, { vhosts, counters, replyConsumers, usedBytes }, log);
  } catch (error) {
    await vhosts.close();
    throw error;
  }
}

async function serve(
  configuration: BrokerConfiguration,
  parts: {
    vhosts: VirtualHosts;
    counters: Counters;
    replyConsumers: Map<string, (message: Message) => void>;
    usedBytes: () => number;
  },
  log: Log,
): Promise<RunningBroker> {
  const { host } = configuration;
  const { vhosts, counters, replyConsumers, usedBytes } = parts;
  const connections = new Set<Connection>();
  const nodeName = `qbtc@${hostname()}`;
  const failed = (error: unknown) => log('error', 'internal error', { error: traceOf(error) });
  const memoryChanged = (raised: boolean) => {
    log(raised ? 'warn' : 'info', raised ? 'memory is short: publishers wait' : 'memory is enough again', {
      used: usedBytes(),
      limit: memory.limitBytes,
    });
    for (const connection of connections) connection.block.memoryAlarm(raised);
  };
  const memory = new MemoryAlarm(configuration.memoryLimitBytes, usedBytes, memoryChanged, failed);
  const environment = {
    vhosts,
    counters,
    connectionsTo: (vhost: string) => [...connections].filter((each) => each.vhost === vhost).length,
    isMemoryShort: () => memory.raised,
    replies: {
      register: (address: string, deliver: (message: Message) => void) =>
        void replyConsumers.set(address, deliver),
      unregister: (address: string) => void replyConsumers.delete(address),
      has: (address: string) => replyConsumers.has(address),
    },
    nodeName,
    log,
    closed: (connection: Connection) => {
      if (connections.delete(connection)) counters.connectionsClosed += 1;
    },
  };
  const accept = guarded(failed, (socket: Socket) => {
    counters.connectionsOpened += 1;
    connections.add(new Connection(socket, environment));
  });
  const amqp = createServer({ highWaterMark: SOCKET_BUFFER_BYTES }, accept);
  const ports = { amqp: 0, management: 0, metrics: configuration.metricsPort };
  const state: BrokerState = {
    nodeName,
    host,
    startedAt: Date.now(),
    vhosts,
    connections,
    counters,
    memory,
    ports,
  };
  const management = createManagement(state, log);
  const metrics = createMetricsServer(state);
  // A client that is late by a moment must not find its connection closed under its next request.
  for (const server of [management, metrics]) server.keepAliveTimeout = HTTP_IDLE_MS;
  const servers: Server[] = [];
  const start = async (server: Server, port: number) => {
    const taken = await listen(server, host, port);
    servers.push(server);
    return taken;
  };
  try {
    ports.amqp = await start(amqp, configuration.port);
    ports.management = await start(management, configuration.managementPort);
    if (configuration.metricsPort !== undefined)
      ports.metrics = await start(metrics, configuration.metricsPort);
  } catch (error) {
    memory.end();
    await Promise.all(servers.map(end));
    throw error;
  }
  const { amqp: port, management: managementPort, metrics: metricsPort } = ports;
  log('info', 'broker listening', { host, port, managementPort, metricsPort, vhost: configuration.vhost });

  return {
    port,
    managementPort,
    metricsPort,
    close: async () => {
      memory.end();
      const ended = Promise.all(servers.map(end));
      for (const connection of connections) connection.closeForced('broker is shutting down');
      management.closeAllConnections();
      metrics.closeAllConnections();
      const force = after(GOODBYE_MS, failed, () => {
        for (const connection of connections) connection.socket.destroy();
      });
      await ended;
      clearTimeout(force);
      await vhosts.close();
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
