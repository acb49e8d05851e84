import { mkdir } from 'node:fs/promises';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { messageOf, QbtcError } from '../../errors.ts';
import type { Log, RunningProgram } from '../program.ts';
import { Operations } from './admin/operations.ts';
import { AdminRouter } from './admin/router.ts';
import { createAdminServer } from './admin/server.ts';
import { Standalone } from './admin/standalone.ts';
import { trafficMetrics } from './metrics.ts';
import type { PluginHost } from './plugin.ts';
import { Certificates } from './proxy/certificates.ts';
import { Pools } from './proxy/pools.ts';
import { createProxyServer, createTlsProxyServer } from './proxy/server.ts';
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
  /** The data plane behind TLS (APISIX: 9443). 0 for any free one; left out, there is none. */
  tlsPort?: number;
  /** Further ports of the data plane. One that is taken is left out, and said in the log. */
  alsoPorts?: number[];
  /** Says on each answer that it stands in for an APISIX that is down. */
  fallback?: boolean;
  /** Takes the whole configuration at once, as a standalone APISIX does, instead of object by object. */
  standalone?: boolean;
  /** Where resources are kept; without it they end with the process. */
  dataFolder?: string;
}

export interface RunningGateway extends RunningProgram {
  host: string;
  /** The ports that are listened on, also where 0 was asked for. */
  port: number;
  adminPort: number;
  tlsPort: number | undefined;
}

/** How long requests in flight may take when the gateway closes. */
const DRAIN_MS = 10_000;
const IDLE_CHECK_MS = 20;
/** How long a connection that was upgraded may go on then. */
const UPGRADED_GRACE_MS = 500;

/**
 * Starts a reverse proxy with APISIX's Admin API. Resolves when both ports listen and all kept resources are in
 * force. `now` is the clock of the plugins, in milliseconds since the epoch. Throws `QbtcError` when a port is taken or the kept state cannot be read.
 */
export async function startGateway(
  configuration: GatewayConfiguration,
  log: Log,
  now: () => number = Date.now,
): Promise<RunningGateway> {
  const { host, adminKey, dataFolder } = configuration;
  if (adminKey === '')
    throw new QbtcError('GATEWAY_KEY_MISSING', 'the gateway needs a key for its Admin API');
  const { store, sealing } = await openStore(dataFolder);
  const pools = new Pools();
  const consumers = new ConsumerIndex(store);
  const pluginHost = createPluginHost(consumers, store, now);
  const metrics = trafficMetrics(pluginHost);
  const routes = new RouteTable(store, new StepFactory(pluginHost));
  let draining = false;
  const upgraded = new Set<Duplex>();
  const options = { routes, pools, metrics, log, fallback: configuration.fallback ?? false, upgraded };
  const proxy = createProxyServer(options);
  const secure =
    configuration.tlsPort === undefined ? undefined : createTlsProxyServer(options, new Certificates(store));
  const others: Server[] = [];
  const router = new AdminRouter(new Operations(store, sealing));
  const admin = createAdminServer({
    key: adminKey,
    router,
    ...(configuration.standalone === true ? { standalone: new Standalone(store) } : {}),
    metrics,
    log,
    ready: () => !draining,
  });

  async function close(): Promise<void> {
    draining = true;
    // A WebSocket ends when somebody ends it.
    setTimeout(() => {
      for (const socket of upgraded) socket.destroy();
    }, UPGRADED_GRACE_MS).unref();
    await Promise.all([proxy, admin, ...(secure === undefined ? [] : [secure]), ...others].map(drain));
    routes.close();
    await pools.close();
    await store.close();
  }

  try {
    const port = await listen(proxy, host, configuration.port);
    const tlsPort = secure === undefined ? undefined : await listen(secure, host, configuration.tlsPort ?? 0);
    for (const also of configuration.alsoPorts ?? []) {
      const another = createProxyServer(options);
      others.push(another);
      await listen(another, host, also).catch((error: unknown) =>
        log('warn', 'a further port is left out', { port: also, reason: messageOf(error) }),
      );
    }
    const adminPort = await listen(admin, host, configuration.adminPort);
    log('info', 'the gateway listens', {
      host,
      port,
      adminPort,
      tlsPort,
      routes: store.list('routes').length,
    });
    return { host, port, adminPort, tlsPort, close };
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

function createPluginHost(consumers: ConsumerIndex, store: Store, now: () => number): PluginHost {
  const shared = new Map<object, unknown>();
  const host: PluginHost = {
    findConsumer: (plugin, field, value) => consumers.find(plugin, field, value),
    consumerNamed: (username) => consumers.named(username),
    shared<T>(key: object, create: () => T): T {
      if (!shared.has(key)) shared.set(key, create());
      return shared.get(key) as T;
    },
    metadata: (plugin) => store.get('plugin_metadata', plugin)?.value,
    gauge: (name, help, route, value) => trafficMetrics(host).gauge(name, help, route, value),
    now,
  };
  return host;
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
