import type { Log, RunningProgram } from '../program.ts';
import { openControl } from './control.ts';
import { MemoryCounters } from './counters/memory.ts';
import { type ListenedPorts, listenAll } from './listening.ts';
import { watchNodes } from './proxy/health.ts';
import { createTraffic } from './traffic.ts';

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
  /** Where `$file://NAME` in a configuration looks for NAME; without it where Docker mounts secrets. */
  secretsFolder?: string;
  /**
   * How many processes serve requests; `auto` for as many as there are processors. 1 when left out: the one that keeps
   * the resources, too. With more that one serves none. The program alone knows it.
   */
  workers?: number | 'auto';
  /** Whether this start may go on without what is damaged there; the program's option `--accept-loss` too. */
  acceptLoss?: boolean;
}

export interface RunningGateway extends RunningProgram {
  host: string;
  /** The ports that are listened on, also where 0 was asked for. */
  port: number;
  adminPort: number;
  tlsPort: number | undefined;
}

/**
 * Starts a reverse proxy with APISIX's Admin API in this process. Resolves when its ports listen and all kept resources
 * are in force. Throws `QbtcError` when a port is taken or the kept state cannot be read.
 *
 * @param now the clock of the plugins, in milliseconds since the epoch
 * @param random what their samples are drawn by, from 0 to 1
 */
export async function startGateway(
  configuration: GatewayConfiguration,
  log: Log,
  now: () => number = Date.now,
  random: () => number = Math.random,
): Promise<RunningGateway> {
  const { host, fallback = false, secretsFolder } = configuration;
  const control = await openControl(configuration, log);
  const { store } = control;
  let listened: ListenedPorts | undefined;
  const traffic = createTraffic({
    resources: store,
    counters: new MemoryCounters(now),
    health: watchNodes,
    httpsPort: () => listened?.tlsPort,
    ...{ fallback, secretsFolder, log, now, random },
  });
  let draining = false;

  async function close(): Promise<void> {
    draining = true;
    await Promise.all([control.drain(), traffic.close()]);
    await store.close();
  }

  try {
    listened = await listenAll(
      configuration,
      log,
      (secure) => (secure ? traffic.securePort() : traffic.port()).server,
    );
    const { port, tlsPort } = listened;
    const adminPort = await control.listen({
      metrics: () => traffic.metrics.registry.metrics(),
      state: () => ({ draining }),
    });
    const routes = store.list('routes').length;
    log('info', 'the gateway listens', { host, port, adminPort, tlsPort, routes });
    return { host, port, adminPort, tlsPort, close };
  } catch (error) {
    await close();
    throw error;
  }
}
