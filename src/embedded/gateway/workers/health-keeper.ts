import { HealthMonitor } from '../proxy/health.ts';
import type { UpstreamNode } from '../proxy/upstream.ts';
import type { FromWorker, NodeState, ToWorker } from './messages.ts';

/** Who asks about the nodes of upstreams. */
interface Watcher {
  send(message: ToWorker): void;
}

interface Watched {
  monitor: HealthMonitor;
  nodes: readonly UpstreamNode[];
  watchers: Set<Watcher>;
  told: NodeState[];
}

type Said<Kind extends FromWorker['kind']> = Extract<FromWorker, { kind: Kind }>;

/**
 * Finds out for all workers which nodes are well: it probes them, and takes what their requests came to. An upstream is
 * known by what stands in it, from the first request for it until no worker has it any more. All workers are told, also
 * those that had no request for it yet.
 */
export class HealthKeeper {
  readonly #tellAll: (message: ToWorker) => void;
  readonly #watched = new Map<string, Watched>();

  constructor(tellAll: (message: ToWorker) => void) {
    this.#tellAll = tellAll;
  }

  /** A worker begins. */
  join(worker: Watcher): void {
    for (const [upstream, { told }] of this.#watched) worker.send({ kind: 'nodes', upstream, states: told });
  }

  watch(watcher: Watcher, { upstream, checks, nodes }: Said<'watch'>): void {
    let watched = this.#watched.get(upstream);
    if (watched === undefined) {
      const monitor = new HealthMonitor(checks, nodes, () => this.#judged(upstream));
      watched = { monitor, nodes, watchers: new Set(), told: [] };
      watched.told = statesOf(watched);
      this.#watched.set(upstream, watched);
      monitor.start();
      this.#tellAll({ kind: 'nodes', upstream, states: watched.told });
    }
    watched.watchers.add(watcher);
  }

  unwatch(watcher: Watcher, { upstream }: Pick<Said<'unwatch'>, 'upstream'>): void {
    const watched = this.#watched.get(upstream);
    if (watched === undefined || !watched.watchers.delete(watcher) || watched.watchers.size > 0) return;
    watched.monitor.end();
    this.#watched.delete(upstream);
    this.#tellAll({ kind: 'nodes', upstream, states: [] });
  }

  take({ upstream, node, outcome }: Said<'outcome'>): void {
    const watched = this.#watched.get(upstream);
    const found = watched?.nodes[node];
    if (found !== undefined) watched?.monitor.report(found, outcome);
  }

  /** A worker is gone. */
  leave(watcher: Watcher): void {
    for (const upstream of [...this.#watched.keys()]) this.unwatch(watcher, { upstream });
  }

  close(): void {
    for (const { monitor } of this.#watched.values()) monitor.end();
    this.#watched.clear();
  }

  #judged(upstream: string): void {
    const watched = this.#watched.get(upstream);
    if (watched === undefined) return;
    const states = statesOf(watched);
    const same = states.every(({ healthy, doubted }, index) => {
      const before = watched.told[index];
      return before?.healthy === healthy && before.doubted === doubted;
    });
    if (same) return;
    watched.told = states;
    this.#tellAll({ kind: 'nodes', upstream, states });
  }
}

const statesOf = ({ monitor, nodes }: Pick<Watched, 'monitor' | 'nodes'>): NodeState[] =>
  nodes.map((node) => ({ healthy: monitor.isHealthy(node), doubted: monitor.doubts(node) }));
