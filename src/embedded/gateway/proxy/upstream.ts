import type { GatewayObject } from '../../../model/gateway.ts';
import type { Exchange } from '../exchange.ts';
import { waitMs } from '../wait.ts';
import { type Balancer, balancerOf, type Latencies } from './balancer.ts';
import { type Checks, type Health, type HealthSource, watchNodes } from './health.ts';
import { addressOf, nodeAddress } from './node-address.ts';

/** One server of an upstream. */
export interface UpstreamNode {
  /** As it goes into a URL: an IPv6 address is in brackets. */
  host: string;
  port: number;
  weight: number;
  priority: number;
  /** Requests that it is serving. */
  inFlight: number;
}

/** Seconds, as in the configuration. */
export interface Timeouts {
  connect: number;
  send: number;
  read: number;
}

/** What becomes of connections that carry no request (`keepalive_pool`). */
export interface Keepalive {
  /** How many of them one node keeps. */
  size: number;
  /** Milliseconds that one may be idle; 0 for any time. */
  idleMs: number;
  /** How many requests one may carry in all. */
  requests: number;
}

const DEFAULT_TIMEOUTS: Timeouts = { connect: 60, send: 60, read: 60 };
const DEFAULT_PORTS = { http: 80, https: 443 };

/** An upstream of the configuration, ready to be asked for a node. */
export class Upstream {
  readonly scheme: 'http' | 'https';
  readonly timeouts: Timeouts;
  readonly keepalive: Keepalive;
  readonly verifyTls: boolean;
  readonly nodes: readonly UpstreamNode[];
  /** Where the upstream has checks. */
  readonly health: Health | undefined;
  readonly #retries: number;
  readonly #retryTimeoutMs: number;
  readonly #passHost: string;
  readonly #upstreamHost: string;
  readonly #balancer: Balancer | undefined;
  /** The choice while all nodes are healthy. */
  readonly #groups: readonly (readonly UpstreamNode[])[];

  constructor(value: GatewayObject, latencies: Latencies, health: HealthSource = watchNodes) {
    this.scheme = value.scheme === 'https' ? 'https' : 'http';
    this.nodes = nodesOf(value.nodes, DEFAULT_PORTS[this.scheme]);
    this.timeouts = timeoutsOf(value.timeout) ?? DEFAULT_TIMEOUTS;
    this.keepalive = keepaliveOf(value.keepalive_pool as KeepalivePool | undefined);
    this.#retries = (value.retries as number | undefined) ?? this.nodes.length - 1;
    this.#retryTimeoutMs = ((value.retry_timeout as number | undefined) ?? 0) * 1000;
    this.verifyTls = (value.tls as { verify?: boolean } | undefined)?.verify ?? false;
    this.#passHost = String(value.pass_host ?? 'pass');
    this.#upstreamHost = String(value.upstream_host ?? '');
    this.#balancer = balancerOf(value, this.nodes, latencies);
    this.#groups = this.#groupsOf(this.nodes);
    this.health = value.checks === undefined ? undefined : health(value.checks as Checks, this.nodes);
  }

  /** False for a `type` that this gateway has no balancer for. */
  get balanced(): boolean {
    return this.#balancer !== undefined;
  }

  /**
   * The next node for this request: a healthy one (any, when none is) of the highest priority that has one which was not
   * tried. `undefined` when there is none left. A node that is alone is given again.
   */
  pick(exchange: Exchange, tried: readonly UpstreamNode[]): UpstreamNode | undefined {
    const well = this.health === undefined ? this.nodes : this.health.among(this.nodes);
    if (this.nodes.length === 1) return this.nodes[0];
    for (const group of well === this.nodes ? this.#groups : this.#groupsOf(well)) {
      const open = tried.length === 0 ? group : group.filter((node) => !tried.includes(node));
      if (open.length > 0) return this.#balancer?.pick(open, exchange);
    }
    return undefined;
  }

  /** Whether another try may be made: after so many that reached a node, `elapsedMs` after the request came. */
  mayRetry(tries: number, elapsedMs: number): boolean {
    return tries <= this.#retries && (this.#retryTimeoutMs === 0 || elapsedMs < this.#retryTimeoutMs);
  }

  /** A node has answered; the relay calls this at the end of each whole answer of an upstream. */
  after(node: UpstreamNode, latencyMs: number): void {
    this.#balancer?.after?.(node, latencyMs);
  }

  /** The Host that the node gets (`pass_host`). */
  hostFor(node: UpstreamNode, exchange: Exchange): string {
    if (exchange.request.host !== undefined) return exchange.request.host;
    if (this.#passHost === 'rewrite') return this.#upstreamHost;
    const clients = exchange.request.headers.get('host');
    if (this.#passHost === 'pass' && clients !== undefined) return clients;
    return node.port === DEFAULT_PORTS[this.scheme] ? node.host : addressOf(node);
  }

  /** Nodes that may be chosen, by priority, the highest first. */
  #groupsOf(nodes: readonly UpstreamNode[]): readonly (readonly UpstreamNode[])[] {
    const groups = new Map<number, UpstreamNode[]>();
    for (const node of nodes) groups.set(node.priority, [...(groups.get(node.priority) ?? []), node]);
    return [...groups]
      .sort(([a], [b]) => b - a)
      .map(([, group]) => this.#balancer?.eligible?.(group) ?? group);
  }
}

/** The `timeout` of a route or an upstream, as far as timers can wait. */
export function timeoutsOf(value: unknown): Timeouts | undefined {
  if (value === undefined) return undefined;
  const { connect, send, read } = value as Timeouts;
  const bounded = (seconds: number) => waitMs(seconds) / 1000;
  return { connect: bounded(connect), send: bounded(send), read: bounded(read) };
}

interface KeepalivePool {
  size?: number;
  idle_timeout?: number;
  requests?: number;
}

function keepaliveOf({
  size = 320,
  idle_timeout: idle = 60,
  requests = 1000,
}: KeepalivePool = {}): Keepalive {
  return { size, idleMs: waitMs(idle), requests };
}

/** Both forms that APISIX takes: a map of `host:port` to weight, or a list. A port in the host is the port. */
function nodesOf(nodes: unknown, defaultPort: number): UpstreamNode[] {
  const list = Array.isArray(nodes)
    ? (nodes as { host: string; port?: number; weight: number; priority?: number }[])
    : Object.entries((nodes ?? {}) as Record<string, number>).map(([host, weight]) => ({ host, weight }));
  return list.flatMap((node) => {
    const address = nodeAddress(node.host);
    // What is configured is read before it is taken; an earlier version may have kept what is no address.
    if (typeof address === 'string') return [];
    const { port, priority } = { port: undefined, priority: undefined, ...node };
    return [
      {
        host: address.host,
        port: address.port ?? port ?? defaultPort,
        weight: node.weight,
        priority: priority ?? 0,
        inFlight: 0,
      },
    ];
  });
}
