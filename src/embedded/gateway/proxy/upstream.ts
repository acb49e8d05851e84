import type { GatewayObject } from '../../../model/gateway.ts';
import type { Exchange } from '../exchange.ts';
import { type Balancer, balancerOf } from './balancer.ts';
import { type Checks, HealthMonitor } from './health.ts';

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

const DEFAULT_TIMEOUTS: Timeouts = { connect: 60, send: 60, read: 60 };
const DEFAULT_PORTS = { http: 80, https: 443 };

/** An upstream of the configuration, ready to be asked for a node. */
export class Upstream {
  readonly scheme: 'http' | 'https';
  readonly timeouts: Timeouts;
  /** How many more nodes may be tried after the first. */
  readonly retries: number;
  /** Milliseconds after which no further node is tried; 0 for no limit. */
  readonly retryTimeoutMs: number;
  readonly verifyTls: boolean;
  readonly nodes: readonly UpstreamNode[];
  /** Where the upstream has checks. */
  readonly health: HealthMonitor | undefined;
  readonly #passHost: string;
  readonly #upstreamHost: string;
  readonly #balancer: Balancer | undefined;

  constructor(value: GatewayObject) {
    this.scheme = value.scheme === 'https' ? 'https' : 'http';
    this.nodes = nodesOf(value.nodes, DEFAULT_PORTS[this.scheme]);
    this.timeouts = (value.timeout as Timeouts | undefined) ?? DEFAULT_TIMEOUTS;
    this.retries = (value.retries as number | undefined) ?? this.nodes.length - 1;
    this.retryTimeoutMs = ((value.retry_timeout as number | undefined) ?? 0) * 1000;
    this.verifyTls = (value.tls as { verify?: boolean } | undefined)?.verify ?? false;
    this.#passHost = String(value.pass_host ?? 'pass');
    this.#upstreamHost = String(value.upstream_host ?? '');
    this.#balancer = balancerOf(value, this.nodes);
    this.health =
      value.checks === undefined ? undefined : new HealthMonitor(value.checks as Checks, this.nodes);
  }

  /** False for a `type` that this gateway has no balancer for. */
  get balanced(): boolean {
    return this.#balancer !== undefined;
  }

  /** The next node for this request among those that it has not tried; `undefined` when there is none left. */
  pick(exchange: Exchange, tried: readonly UpstreamNode[]): UpstreamNode | undefined {
    let open = this.nodes;
    if (tried.length > 0 || open.length > 1) {
      open = open.filter((node) => !tried.includes(node));
      if (this.health !== undefined) open = this.health.among(open);
      const highest = Math.max(...open.map((node) => node.priority));
      open = open.filter((node) => node.priority === highest);
    }
    return open.length === 0 ? undefined : this.#balancer?.pick(open, exchange);
  }

  /** The Host that the node gets (`pass_host`). */
  hostFor(node: UpstreamNode, exchange: Exchange): string {
    if (exchange.request.host !== undefined) return exchange.request.host;
    if (this.#passHost === 'rewrite') return this.#upstreamHost;
    const clients = exchange.request.headers.get('host');
    if (this.#passHost === 'pass' && clients !== undefined) return clients;
    return node.port === DEFAULT_PORTS[this.scheme] ? node.host : `${node.host}:${node.port}`;
  }
}

/** Both forms that APISIX takes: a map of `host:port` to weight, or a list. A weight of 0 takes a node out. */
function nodesOf(nodes: unknown, defaultPort: number): UpstreamNode[] {
  const list = Array.isArray(nodes)
    ? (nodes as { host: string; port?: number; weight: number; priority?: number }[])
    : Object.entries((nodes ?? {}) as Record<string, number>).map(([address, weight]) => {
        const [, host = address, port] = /^(.*?)(?::(\d+))?$/.exec(address) ?? [];
        return { host, port: port === undefined ? undefined : Number(port), weight };
      });
  return list
    .filter((node) => node.weight > 0)
    .map((node) => ({
      host: node.host.includes(':') && !node.host.startsWith('[') ? `[${node.host}]` : node.host,
      port: node.port ?? defaultPort,
      weight: node.weight,
      priority: ('priority' in node ? node.priority : undefined) ?? 0,
      inFlight: 0,
    }));
}
