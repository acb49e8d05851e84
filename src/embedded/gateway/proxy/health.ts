import { type RequestOptions, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { connect } from 'node:net';
import { bytesOf } from '../../../matching/bytes.ts';
import { waitMs } from '../wait.ts';
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
  concurrency?: number;
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

/** What became of one request to a node, a client's or a probe's; `open`: of a probe that asks for a connection alone. */
export type NodeOutcome = { status: number } | 'open' | 'refused' | 'timeout';

/** What outcomes mean, and how many of them in a row it takes. */
export interface Rules {
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
const PROBES_AT_ONCE = 10;

interface Counters {
  successes: number;
  http: number;
  tcp: number;
  timeout: number;
}

/** Knows which nodes of an upstream are well. */
export interface Health {
  /** Whether a request has asked for a node yet. */
  readonly started: boolean;
  /** The nodes that may be chosen; all of them when none is healthy, as in APISIX. */
  among(nodes: readonly UpstreamNode[]): readonly UpstreamNode[];
  isHealthy(node: UpstreamNode): boolean;
  /** Takes what a client's request to a node came to. */
  report(node: UpstreamNode, outcome: NodeOutcome): void;
  /** The upstream is not asked for nodes any more. */
  end(): void;
}

/** Gives who knows about the nodes of an upstream with `checks`. */
export type HealthSource = (checks: Checks, nodes: readonly UpstreamNode[]) => Health;

/** This process finds out by itself. */
export const watchNodes: HealthSource = (checks, nodes) => new HealthMonitor(checks, nodes);

/**
 * Takes nodes that fail out of the choice, and lets them in again. Active checks begin with the first request that asks
 * for a node, as in APISIX, and end with the upstream.
 */
export class HealthMonitor implements Health {
  readonly #unhealthy = new Set<UpstreamNode>();
  readonly #counters = new Map<UpstreamNode, Counters>();
  readonly #nodes: readonly UpstreamNode[];
  readonly #onJudged: () => void;
  readonly #active: Active | undefined;
  readonly #activeRules: Rules;
  readonly #passiveRules: Rules | undefined;
  readonly #timers: NodeJS.Timeout[] = [];
  started = false;
  #ended = false;

  /** @param onJudged called when a node may be known otherwise than before */
  constructor(checks: Checks, nodes: readonly UpstreamNode[], onJudged: () => void = () => {}) {
    this.#nodes = nodes;
    this.#onJudged = onJudged;
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
    this.#passiveRules = passiveRulesOf(checks);
  }

  among(nodes: readonly UpstreamNode[]): readonly UpstreamNode[] {
    if (!this.started) this.start();
    return this.#unhealthy.size === 0 ? nodes : wellAmong(nodes, this);
  }

  isHealthy(node: UpstreamNode): boolean {
    return !this.#unhealthy.has(node);
  }

  /** Whether something has failed there that a success would take back. */
  doubts(node: UpstreamNode): boolean {
    const { http, tcp, timeout } = this.#counters.get(node) ?? { http: 0, tcp: 0, timeout: 0 };
    return http + tcp + timeout > 0;
  }

  report(node: UpstreamNode, outcome: NodeOutcome): void {
    if (this.#passiveRules !== undefined) this.#judge(node, outcome, this.#passiveRules);
  }

  end(): void {
    this.#ended = true;
    for (const timer of this.#timers) clearInterval(timer);
  }

  #judge(node: UpstreamNode, outcome: NodeOutcome, rules: Rules): void {
    this.#count(node, outcome, rules);
    this.#onJudged();
  }

  #count(node: UpstreamNode, outcome: NodeOutcome, rules: Rules): void {
    let counters = this.#counters.get(node);
    if (counters === undefined) {
      counters = { successes: 0, http: 0, tcp: 0, timeout: 0 };
      this.#counters.set(node, counters);
    }
    const reaches = (count: number, threshold: number) => threshold > 0 && count >= threshold;
    if (outcome === 'open' || (typeof outcome === 'object' && rules.healthyStatuses.has(outcome.status))) {
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

  /** Begins to probe. */
  start(): void {
    this.started = true;
    if (this.#ended || this.#active === undefined) return;
    const { healthy = {}, unhealthy = {} } = this.#active;
    this.#every(healthy.interval ?? 1, (node) => this.isHealthy(node));
    this.#every(unhealthy.interval ?? 1, (node) => !this.isHealthy(node));
  }

  #every(seconds: number, concerns: (node: UpstreamNode) => boolean): void {
    let busy = false;
    const timer = setInterval(async () => {
      // A round that is slow is not overtaken: probes of a node that hangs would pile up.
      if (busy) return;
      busy = true;
      await this.#round(this.#nodes.filter(concerns));
      busy = false;
    }, waitMs(seconds));
    timer.unref();
    this.#timers.push(timer);
  }

  async #round(nodes: UpstreamNode[]): Promise<void> {
    const active = this.#active ?? {};
    const queue = nodes.values();
    const worker = async () => {
      for (const node of queue) {
        // What cannot be sent is refused when it is configured; an earlier version may have kept it.
        const outcome = await probe(active, node).catch(() => 'refused' as const);
        if (this.#ended) return;
        this.#judge(node, outcome, this.#activeRules);
      }
    };
    const atOnce = Math.min(active.concurrency ?? PROBES_AT_ONCE, nodes.length);
    await Promise.all(Array.from({ length: Math.max(atOnce, 1) }, worker));
  }
}

/** The nodes that may be chosen; all of them when none is healthy, as in APISIX. */
export function wellAmong(
  nodes: readonly UpstreamNode[],
  health: Pick<Health, 'isHealthy'>,
): readonly UpstreamNode[] {
  const well = nodes.filter((node) => health.isHealthy(node));
  return well.length === 0 ? nodes : well;
}

/** What requests of clients mean, where that is asked for. */
export function passiveRulesOf({ passive }: Checks): Rules | undefined {
  return (
    passive && {
      healthyStatuses: new Set(passive.healthy?.http_statuses ?? PASSIVE_HEALTHY),
      successes: passive.healthy?.successes ?? 5,
      unhealthyStatuses: new Set(passive.unhealthy?.http_statuses ?? PASSIVE_UNHEALTHY),
      httpFailures: passive.unhealthy?.http_failures ?? 5,
      tcpFailures: passive.unhealthy?.tcp_failures ?? 2,
      timeouts: passive.unhealthy?.timeouts ?? 7,
    }
  );
}

function probe(active: Active, node: UpstreamNode): Promise<NodeOutcome> {
  const host = node.host.replace(/^\[|\]$/g, '');
  const port = active.port ?? node.port;
  const timeout = waitMs(active.timeout ?? 1);
  return new Promise((resolve) => {
    if (active.type === 'tcp') {
      const socket = connect({ host, port, timeout });
      const end = (outcome: NodeOutcome) => {
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
      if (colon > 0) headers[field.slice(0, colon)] = bytesOf(field.slice(colon + 1).trim());
    }
    const options: RequestOptions = {
      host,
      port,
      path: bytesOf(active.http_path ?? '/'),
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
