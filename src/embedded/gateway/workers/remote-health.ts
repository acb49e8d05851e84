import { createHash } from 'node:crypto';
import {
  type Checks,
  type Health,
  type NodeOutcome,
  passiveRulesOf,
  type Rules,
  wellAmong,
} from '../proxy/health.ts';
import type { UpstreamNode } from '../proxy/upstream.ts';
import type { FromWorker, NodeState, ToWorker } from './messages.ts';

type Send = (message: FromWorker) => void;

/** What the primary knows of the nodes of upstreams, by what stands in these. */
export class RemoteHealth {
  readonly #send: Send;
  /** What is known, also of upstreams that this process had no request for yet. */
  readonly #known = new Map<string, readonly NodeState[]>();
  /** Those of this process that stand for one upstream of the primary. */
  readonly #watching = new Map<string, Set<WatchedUpstream>>();

  constructor(send: Send) {
    this.#send = send;
  }

  /** The nodes of one upstream. */
  of(checks: Checks, nodes: readonly UpstreamNode[]): Health {
    return new WatchedUpstream(checks, nodes, this);
  }

  /** The primary knows something new. */
  take({ upstream, states }: Extract<ToWorker, { kind: 'nodes' }>): void {
    if (states.length === 0) this.#known.delete(upstream);
    else this.#known.set(upstream, states);
    for (const each of this.#watching.get(upstream) ?? []) each.states = states;
  }

  begin(upstream: WatchedUpstream): void {
    const { key, checks, nodes } = upstream;
    upstream.states = this.#known.get(key) ?? [];
    const same = this.#watching.get(key);
    if (same !== undefined) same.add(upstream);
    else {
      this.#watching.set(key, new Set([upstream]));
      this.#send({ kind: 'watch', upstream: key, checks, nodes });
    }
  }

  end(upstream: WatchedUpstream): void {
    const all = this.#watching.get(upstream.key);
    if (all?.delete(upstream) !== true || all.size > 0) return;
    this.#watching.delete(upstream.key);
    this.#send({ kind: 'unwatch', upstream: upstream.key });
  }

  report({ key }: WatchedUpstream, node: number, outcome: NodeOutcome): void {
    this.#send({ kind: 'outcome', upstream: key, node, outcome });
  }
}

class WatchedUpstream implements Health {
  started = false;
  /** In the order of the nodes; until the primary has answered, all are well. */
  states: readonly NodeState[] = [];
  readonly key: string;
  readonly #rules: Rules | undefined;

  constructor(
    readonly checks: Checks,
    readonly nodes: readonly UpstreamNode[],
    readonly remote: RemoteHealth,
  ) {
    const addresses = nodes.map(({ host, port }) => [host, port]);
    this.key = createHash('sha256')
      .update(JSON.stringify([checks, addresses]))
      .digest('base64');
    this.#rules = passiveRulesOf(checks);
  }

  among(nodes: readonly UpstreamNode[]): readonly UpstreamNode[] {
    if (!this.started) {
      this.started = true;
      this.remote.begin(this);
    }
    return this.states.every(({ healthy }) => healthy) ? nodes : wellAmong(nodes, this);
  }

  isHealthy(node: UpstreamNode): boolean {
    return this.states[this.nodes.indexOf(node)]?.healthy ?? true;
  }

  /** Nobody needs to be told that what was well is well. */
  report(node: UpstreamNode, outcome: NodeOutcome): void {
    if (this.#rules === undefined) return;
    const index = this.nodes.indexOf(node);
    const succeeded = typeof outcome === 'object' && !this.#rules.unhealthyStatuses.has(outcome.status);
    const { healthy = true, doubted = false } = this.states[index] ?? {};
    if (succeeded && healthy && !doubted) return;
    this.remote.report(this, index, outcome);
  }

  end(): void {
    if (this.started) this.remote.end(this);
  }
}
