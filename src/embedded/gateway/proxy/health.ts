import { type RequestOptions, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { connect } from 'node:net';
import type { UpstreamNode } from './upstream.ts';

/** `checks` of an upstream, with APISIX's defaults (lua-resty-healthcheck) where something is left out. */
interface Thresholds {
  http_statuses?: number[];
  successes?: number;
  http_failures?: number;
  tcp_failures?: number;
  timeouts?: number;
  interval?: number;
}
interface Active {
  type?: 'http' | 'https' | 'tcp';
  /** Seconds. */
  timeout?: number;
  host?: string;
  port?: number;
  http_path?: string;
  https_verify_certificate?: boolean;
  req_headers?: string[];
  healthy?: Thresholds;
  unhealthy?: Thresholds;
}
export interface Checks {
  active?: Active;
  passive?: { type?: string; healthy?: Thresholds; unhealthy?: Thresholds };
}

/** What became of one request to a node, a client's or a probe's. */
export type NodeOutcome = { status: number } | 'refused' | 'timeout';

interface Rules {
  healthyStatuses: ReadonlySet<number>;
  successes: number;
  unhealthyStatuses: ReadonlySet<number>;
  httpFailures: number;
  tcpFailures: number;
  timeouts: number;
}

const ACTIVE_HEALTHY = [200, 302];
const ACTIVE_UNHEALTHY = [429, 404, 500, 501, 502, 503, 504, 505];
const PASSIVE_HEALTHY = [
  200, 201, 202, 203, 204, 205, 206, 207, 208, 226, 300, 301, 302, 303, 304, 305, 306, 307, 308,
];
const PASSIVE_UNHEALTHY = [429, 500, 503];
const SECOND = 1000;
const PROBES_AT_ONCE = 10;

interface Counters {
  successes: number;
  http: number;
  tcp: number;
  timeout: number;
}

/**
 * Takes nodes that fail out of the choice, and lets them in again. Active checks begin with the first request that asks
 * for a node, as in APISIX, and end with the upstream.
 */
export class HealthMonitor {
  readonly #unhealthy = new Set<UpstreamNode>();
  readonly #counters = new Map<UpstreamNode, Counters>();
  readonly #nodes: readonly UpstreamNode[];
  readonly #active: Active | undefined;
  readonly #activeRules: Rules;
  readonly #passiveRules: Rules | undefined;
  readonly #timers: NodeJS.Timeout[] = [];
  #started = false;
  #ended = false;

  constructor(checks: Checks, nodes: readonly UpstreamNode[]) {
    this.#nodes = nodes;
    this.#active = checks.active;
    const { healthy = {}, unhealthy = {} } = checks.active ?? {};
    this.#activeRules = {
      healthyStatuses: new Set(healthy.http_statuses ?? ACTIVE_HEALTHY),
      successes: healthy.successes ?? 2,
      unhealthyStatuses: new Set(unhealthy.http_statuses ?? ACTIVE_UNHEALTHY),
      httpFailures: unhealthy.http_failures ?? 5,
      tcpFailures: unhealthy.tcp_failures ?? 2,
      timeouts: unhealthy.timeouts ?? 3,
    };
    const { passive } = checks;
    this.#passiveRules = passive && {
      healthyStatuses: new Set(passive.healthy?.http_statuses ?? PASSIVE_HEALTHY),
      successes: passive.healthy?.successes ?? 5,
      unhealthyStatuses: new Set(passive.unhealthy?.http_statuses ?? PASSIVE_UNHEALTHY),
      httpFailures: passive.unhealthy?.http_failures ?? 5,
      tcpFailures: passive.unhealthy?.tcp_failures ?? 2,
      timeouts: passive.unhealthy?.timeouts ?? 7,
    };
  }

  /** The nodes that may be chosen; all of them when none is healthy, as in APISIX. */
  among(nodes: readonly UpstreamNode[]): readonly UpstreamNode[] {
    this.#start();
    if (this.#unhealthy.size === 0) return nodes;
    const well = nodes.filter((node) => !this.#unhealthy.has(node));
    return well.length === 0 ? nodes : well;
  }

  isHealthy(node: UpstreamNode): boolean {
    return !this.#unhealthy.has(node);
  }

  /** What a client's request to a node came to. */
  report(node: UpstreamNode, outcome: NodeOutcome): void {
    if (this.#passiveRules !== undefined) this.#judge(node, outcome, this.#passiveRules);
  }

  end(): void {
    this.#ended = true;
    for (const timer of this.#timers) clearInterval(timer);
  }

  #judge(node: UpstreamNode, outcome: NodeOutcome, rules: Rules): void {
    let counters = this.#counters.get(node);
    if (counters === undefined) {
      counters = { successes: 0, http: 0, tcp: 0, timeout: 0 };
      this.#counters.set(node, counters);
    }
    const reaches = (count: number, threshold: number) => threshold > 0 && count >= threshold;
    if (typeof outcome === 'object' && rules.healthyStatuses.has(outcome.status)) {
      counters.successes += 1;
      counters.http = counters.tcp = counters.timeout = 0;
      if (reaches(counters.successes, rules.successes)) this.#unhealthy.delete(node);
      return;
    }
    if (typeof outcome === 'object' && !rules.unhealthyStatuses.has(outcome.status)) return;
    counters.successes = 0;
    const [kind, threshold] =
      typeof outcome === 'object'
        ? (['http', rules.httpFailures] as const)
        : outcome === 'timeout'
          ? (['timeout', rules.timeouts] as const)
          : (['tcp', rules.tcpFailures] as const);
    counters[kind] += 1;
    if (reaches(counters[kind], threshold)) this.#unhealthy.add(node);
  }

  #start(): void {
    if (this.#started || this.#ended || this.#active === undefined) return;
    this.#started = true;
    const { healthy = {}, unhealthy = {} } = this.#active;
    this.#every(healthy.interval ?? 1, (node) => this.isHealthy(node));
    this.#every(unhealthy.interval ?? 1, (node) => !this.isHealthy(node));
  }

  #every(seconds: number, concerns: (node: UpstreamNode) => boolean): void {
    const timer = setInterval(() => void this.#round(this.#nodes.filter(concerns)), seconds * SECOND);
    timer.unref();
    this.#timers.push(timer);
  }

  async #round(nodes: UpstreamNode[]): Promise<void> {
    const queue = nodes.values();
    const worker = async () => {
      for (const node of queue) {
        const outcome = await probe(this.#active ?? {}, node);
        if (this.#ended) return;
        const ok = outcome === 'open' ? { status: ACTIVE_HEALTHY[0] ?? 200 } : outcome;
        this.#judge(node, ok, this.#activeRules);
      }
    };
    await Promise.all(Array.from({ length: Math.min(PROBES_AT_ONCE, nodes.length) }, worker));
  }
}

/** `open`: a TCP check, which has no status. */
function probe(active: Active, node: UpstreamNode): Promise<NodeOutcome | 'open'> {
  const host = node.host.replace(/^\[|\]$/g, '');
  const port = active.port ?? node.port;
  const timeout = (active.timeout ?? 1) * SECOND;
  return new Promise((resolve) => {
    if (active.type === 'tcp') {
      const socket = connect({ host, port, timeout });
      const end = (outcome: NodeOutcome | 'open') => {
        socket.destroy();
        resolve(outcome);
      };
      socket.once('connect', () => end('open')).once('timeout', () => end('timeout'));
      socket.once('error', () => end('refused'));
      return;
    }
    const headers: Record<string, string> = {
      host: active.host ?? `${node.host}:${port}`,
      connection: 'close',
    };
    for (const field of active.req_headers ?? []) {
      const colon = field.indexOf(':');
      if (colon > 0) headers[field.slice(0, colon).trim()] = field.slice(colon + 1).trim();
    }
    const options: RequestOptions = {
      host,
      port,
      path: active.http_path ?? '/',
      headers,
      agent: false,
      timeout,
    };
    const sent =
      active.type === 'https'
        ? requestHttps({ ...options, rejectUnauthorized: active.https_verify_certificate ?? true })
        : requestHttp(options);
    sent.once('response', (response) => {
      response.resume();
      resolve({ status: response.statusCode ?? 0 });
    });
    sent.once('timeout', () => {
      resolve('timeout');
      sent.destroy();
    });
    sent.once('error', () => resolve('refused'));
    sent.end();
  });
}
