import type { Change } from '../../model/plan.ts';
import type { Topology } from '../../model/topology.ts';
import { bindingName, GENERATED_POLICY, ledgerName } from '../names.ts';
import type { ObservedTopology } from '../observed.ts';
import { exchangeStep, queueStep, type TopologyStep } from './step.ts';

export interface Pruning {
  /** Whether we have created it, by its name in the ledger. */
  isOurs(name: string): boolean;
  /** Queues that may be deleted with what is in them. */
  drop: readonly string[];
}

/**
 * What we have created and the topology no longer declares: bindings first, then queues and exchanges, then policies.
 * A queue is deleted only while it is empty and nobody consumes it, unless it is dropped by name.
 */
export function planLeftovers(
  desired: Topology,
  observed: ObservedTopology,
  { isOurs, drop }: Pruning,
): TopologyStep[] {
  const steps: TopologyStep[] = [];
  const gone = (kind: string, name: string): Change => ({
    action: 'delete',
    kind,
    name,
    reason: 'ours, and no longer declared',
  });
  const queues = new Set(desired.queues.map(({ name }) => name));
  const exchanges = new Set(desired.exchanges.map(({ name }) => name));
  const policies = new Set(desired.policies.map(({ name }) => name));
  const bindings = new Set(desired.bindings.map(bindingName));
  const dropsQueue = (name: string) => !queues.has(name) && isOurs(ledgerName('queue', name));
  const dropsExchange = (name: string) =>
    name !== '' && !name.startsWith('amq.') && !exchanges.has(name) && isOurs(ledgerName('exchange', name));

  for (const binding of observed.bindings) {
    const name = bindingName(binding);
    // The default exchange reaches every queue by its name, and nobody can change that.
    if (binding.source === '' || bindings.has(name) || !isOurs(ledgerName('binding', name))) continue;
    // It goes with either of its ends.
    const { source, destination, destination_type } = binding;
    const goesAnyway =
      dropsExchange(source) ||
      (destination_type === 'queue' ? dropsQueue(destination) : dropsExchange(destination));
    if (goesAnyway) continue;
    steps.push({
      id: `binding-gone/${name}`,
      change: gone('binding', name),
      target: { kind: 'binding-gone', binding },
      needs: [],
    });
  }
  for (const { name } of observed.queues.filter((queue) => dropsQueue(queue.name))) {
    steps.push({
      id: queueStep(name),
      change: gone('queue', name),
      target: { kind: 'queue-gone', name, unlessUsed: !drop.includes(name) },
      needs: [],
    });
  }
  for (const { name } of observed.exchanges.filter((exchange) => dropsExchange(exchange.name))) {
    steps.push({
      id: exchangeStep(name),
      change: gone('exchange', name),
      target: { kind: 'exchange-gone', name },
      needs: [],
    });
  }
  for (const { name } of observed.policies) {
    if (policies.has(name) || name.startsWith(GENERATED_POLICY) || !isOurs(ledgerName('policy', name)))
      continue;
    steps.push({
      id: `policy-gone/${name}`,
      change: gone('policy', name),
      target: { kind: 'policy-gone', name },
      needs: [],
    });
  }
  return steps;
}
