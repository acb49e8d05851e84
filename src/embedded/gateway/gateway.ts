import { mkdir } from 'node:fs/promises';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { messageOf, QbtcError } from '../../errors.ts';
import type { Log, RunningProgram } from '../program.ts';
import { Operations } from './admin/operations.ts';
import { AdminRouter } from './admin/router.ts';
import { createAdminServer } from './admin/server.ts';
import { trafficMetrics } from './metrics.ts';
import type { PluginHost } from './plugin.ts';
import { Pools } from './proxy/pools.ts';
import { createProxyServer } from './proxy/server.ts';
import { ConsumerIndex } from './routing/consumers.ts';
import { StepFactory } from './routing/program.ts';
import { RouteTable } from './routing/route-table.ts';
import { createSealing } from './sealing.ts';
import { FileJournal, volatileJournal } from './state/journal.ts';
import { Keyring, openKeyring } from './state/keyring.ts';
import { Store } from './state/store.ts';

/** The configuration of the embedded gateway. */
export interface GatewayConfiguration {
  /** Both ports listen here. */
  host: string;
  /** The data plane (APISIX: 9080). 0 for any free one. */
  port: number;
  /** The Admin API, status and metrics (APISIX: 9180). 0 for any free one. */
  adminPort: number;
  /** What `X-API-KEY` must be. */
  adminKey: string;
  /** Where resources are kept; without it they end with the process. */
  dataFolder?: string;
}

export interface RunningGateway extends RunningProgram {
  host: string;
  /** The ports that are listened on, also where 0 was asked for. */
  port: number;
  adminPort: number;
}

/** How long requests in flight may take when the gateway closes. */
const DRAIN_MS = 10_000;
const IDLE_CHECK_MS = 20;

/**
 * Starts a reverse proxy with APISIX's Admin API. Resolves when both ports listen and all kept resources are in
 * force. Throws `QbtcError` when a port is taken or the kept state cannot be read.
 */
export async function startGateway(configuration: GatewayConfiguration, log: Log): Promise<RunningGateway> {
  const { host, adminKey, dataFolder } = configuration;
  if (adminKey === '')
    throw new QbtcError('GATEWAY_KEY_MISSING', 'the gateway needs a key for its Admin API');
  const { store, sealing } = await openStore(dataFolder);
  const pools = new Pools();
  const consumers = new ConsumerIndex(store);
  const pluginHost = createPluginHost(consumers);
  const metrics = trafficMetrics(pluginHost);
  const routes = new RouteTable(store, new StepFactory(pluginHost));
  let draining = false;
  const proxy = createProxyServer({ routes, pools, metrics, log });
  const router = new AdminRouter(new Operations(store, sealing));
  const admin = createAdminServer({ key: adminKey, router, metrics, log, ready: () => !draining });

  async function close(): Promise<void> {
    draining = true;
    await Promise.all([drain(proxy), drain(admin)]);
    await pools.close();
    await store.close();
  }

  try {
    const port = await listen(proxy, host, configuration.port);
    const adminPort = await listen(admin, host, configuration.adminPort);
    log('info', 'the gateway listens', { host, port, adminPort, routes: store.list('routes').length });
    return { host, port, adminPort, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function openStore(dataFolder: string | undefined) {
  if (dataFolder === undefined) {
    const sealing = createSealing(new Keyring());
    return { sealing, store: await Store.open(volatileJournal, sealing) };
  }
  try {
    await mkdir(dataFolder, { recursive: true, mode: 0o700 });
    const sealing = createSealing(await openKeyring(dataFolder));
    return { sealing, store: await Store.open(new FileJournal(dataFolder), sealing) };
  } catch (error) {
    if (error instanceof QbtcError) throw error;
    throw new QbtcError(
      'GATEWAY_STATE_UNREADABLE',
      `the gateway's state in ${dataFolder} cannot be read: ${messageOf(error)}`,
      {
        hint: `remove ${dataFolder}: the routes are put back by the next \`qbtc routes sync\``,
        cause: error,
      },
    );
  }
}

function createPluginHost(consumers: ConsumerIndex): PluginHost {
  const shared = new Map<object, unknown>();
  return {
    findConsumer: (plugin, field, value) => consumers.find(plugin, field, value),
    consumerNamed: (username) => consumers.named(username),
    shared<T>(key: object, create: () => T): T {
      if (!shared.has(key)) shared.set(key, create());
      return shared.get(key) as T;
    },
    now: () => Date.now(),
  };
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const taken = error.code === 'EADDRINUSE';
      const message = taken
        ? `port ${port} on ${host} is taken`
        : `cannot listen on ${host}:${port}: ${error.message}`;
      reject(new QbtcError(taken ? 'PORT_TAKEN' : 'LISTEN_FAILED', message, { cause: error }));
    });
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port));
  });
}

/** Takes no more connections, lets requests in flight end, then cuts what is left. */
function drain(server: Server): Promise<void> {
  if (!server.listening) return Promise.resolve();
  return new Promise((resolve) => {
    const cut = setTimeout(() => server.closeAllConnections(), DRAIN_MS);
    // A kept connection becomes idle when its last request ends, and Node looks for idle ones only once.
    const idle = setInterval(() => server.closeIdleConnections(), IDLE_CHECK_MS);
    server.close(() => {
      clearTimeout(cut);
      clearInterval(idle);
      resolve();
    });
  });
}
