import type { GatewayObject } from '../../model/gateway.ts';
import type { Log } from '../program.ts';
import type { Counters } from './counters.ts';
import { type TrafficMetrics, trafficMetrics } from './metrics.ts';
import type { PluginHost } from './plugin.ts';
import { Certificates } from './proxy/certificates.ts';
import type { HealthSource } from './proxy/health.ts';
import { Pools } from './proxy/pools.ts';
import { createProxyServer, createTlsProxyServer, type ProxyServer } from './proxy/server.ts';
import { ConsumerIndex } from './routing/consumers.ts';
import { StepFactory } from './routing/program.ts';
import { RouteTable } from './routing/route-table.ts';
import { SECRETS_FOLDER, SecretReferences } from './secret-references.ts';
import type { Resources } from './state/resources.ts';

/** What the traffic of one process stands on: its own things, or those that it shares with other processes. */
export interface TrafficOptions {
  resources: Resources;
  /** What the limits with `policy: local` count with. */
  counters: Counters;
  /** Who knows which nodes of an upstream are well. */
  health: HealthSource;
  /** Carries events to all processes of the gateway; left out, this is the only one. */
  bulletin?: PluginHost['bulletin'];
  /** The key of the tickets by which TLS sessions go on: 48 bytes. Left out, this process alone knows them. */
  ticketKeys?: Buffer;
  /** Says on each answer that the gateway stands in for an APISIX that is down. */
  fallback: boolean;
  secretsFolder?: string | undefined;
  /** Where the gateway listens behind TLS, once it does. */
  httpsPort: () => number | undefined;
  /** Gives the metrics of all that serve requests; left out, this process alone does. */
  allMetrics?: () => Promise<string>;
  log: Log;
  /** The clock of the plugins, in milliseconds since the epoch. */
  now: () => number;
  /** What samples are drawn by, from 0 to 1. */
  random: () => number;
}

/** The data plane of one process. */
export interface Traffic {
  readonly metrics: TrafficMetrics;
  /** Makes a port; whoever asks for it listens with its server, or brings it connections. */
  port(): ProxyServer;
  /** The same behind TLS. */
  securePort(): ProxyServer;
  /** Takes no more connections, lets requests in flight end, and ends what the plugins have begun. */
  close(): Promise<void>;
}

/** How long a connection that was upgraded may go on when the gateway closes. */
const UPGRADED_GRACE_MS = 500;

export function createTraffic(options: TrafficOptions): Traffic {
  const { resources, ticketKeys, fallback, log } = options;
  const pools = new Pools();
  const references = new SecretReferences(options.secretsFolder ?? SECRETS_FOLDER, options.now, log);
  const ends: (() => Promise<void>)[] = [];
  const pluginHost = createPluginHost(options, references, () => routes, ends);
  const metrics = trafficMetrics(pluginHost);
  const routes: RouteTable = new RouteTable(
    resources,
    new StepFactory(pluginHost, references),
    options.health,
  );
  const tunnels = new Set<() => void>();
  const plane = { routes, pools, metrics, log, fallback, tunnels };
  const ports: ProxyServer[] = [];
  metrics.watch({
    connections: () => ports.map((port) => port.states()),
    checkedNodes: () => routes.checkedNodes(),
  });
  const added = (port: ProxyServer) => {
    ports.push(port);
    return port;
  };
  return {
    metrics,
    port: () => added(createProxyServer(plane)),
    securePort: () =>
      added(createTlsProxyServer(plane, new Certificates(resources, references, log), ticketKeys)),
    async close() {
      // A WebSocket ends when somebody ends it.
      const cutting = setInterval(() => {
        for (const cut of tunnels) cut();
      }, UPGRADED_GRACE_MS);
      await Promise.all(ports.map((port) => port.close()));
      clearInterval(cutting);
      routes.close();
      await Promise.all(ends.map((end) => end()));
      pools.close();
    },
  };
}

function createPluginHost(
  options: TrafficOptions,
  references: SecretReferences,
  routes: () => RouteTable,
  ends: (() => Promise<void>)[],
): PluginHost {
  const { resources, counters, log, now, random } = options;
  const consumers = new ConsumerIndex(resources, references);
  const shared = new Map<object, unknown>();
  /** With references resolved; plugins tell by the object whether it has changed. */
  const metadata = new Map<string, { from: unknown; version: number; value: GatewayObject | undefined }>();
  const host: PluginHost = {
    findConsumer: (plugin, field, value) => consumers.find(plugin, field, value),
    consumerNamed: (username) => consumers.named(username),
    upstream: (value) => routes().upstream(value),
    shared<T>(key: object, create: () => T): T {
      if (!shared.has(key)) shared.set(key, create());
      return shared.get(key) as T;
    },
    bulletin: options.bulletin ?? ((_name, take) => take),
    metadata(plugin) {
      const value = resources.get('plugin_metadata', plugin)?.value;
      const { version } = references;
      const known = metadata.get(plugin);
      if (known?.from === value && known?.version === version) return known?.value;
      const resolved = value && references.resolve(value).value;
      metadata.set(plugin, { from: value, version, value: resolved });
      return resolved;
    },
    metrics: options.allMetrics ?? (() => trafficMetrics(host).registry.metrics()),
    gauge: (...set) => trafficMetrics(host).gauge(...set),
    counters,
    log,
    onClose: (end) => void ends.push(end),
    now,
    random,
    get httpsPort() {
      return options.httpsPort();
    },
  };
  return host;
}
