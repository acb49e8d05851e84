import type { Change } from '../../model/plan.ts';
import type { Binding, Policy, Topology, Unmanaged, VhostLimits } from '../../model/topology.ts';
import type { Desired } from '../desired.ts';
import { bindingName } from '../names.ts';
import type { ObservedTopology } from '../observed.ts';
import { planAccounts } from './accounts.ts';
import { planExchange } from './exchanges.ts';
import { type Pruning, planLeftovers } from './leftovers.ts';
import { isThere, planPolicies } from './policies.ts';
import { planQueue } from './queues.ts';
import { exchangeStep, IN_PLACE, queueStep, type TopologyStep, VHOST_STEP } from './step.ts';

export type { TopologyStep, TopologyTarget } from './step.ts';

export interface TopologyPlan {
  /** The vhost and its limits, exchanges, queues, policies, bindings, accounts; then what is taken away. */
  steps: TopologyStep[];
  /** What is ours, no longer declared, and stays because nobody asked for it to be taken away. */
  leftovers: Change[];
  unmanaged: Unmanaged;
}

export interface PlanOptions {
  vhost: string;
  /** Knows what is ours; without it nothing is. */
  pruning?: Pruning;
  /** Whether what is ours and no longer declared is taken away. */
  prune?: boolean;
}

/**
 * What must change for the vhost to hold the topology. What is missing is created in place. What is there and differs
 * is changed in place or through a policy where the broker can do that; otherwise the change is blocked and says why.
 */
export function planChanges(
  { topology, accounts }: Desired,
  observed: ObservedTopology,
  { vhost, pruning, prune = false }: PlanOptions,
): TopologyPlan {
  const steps: TopologyStep[] = [];
  if (!observed.vhostExists) {
    steps.push({
      id: VHOST_STEP,
      change: { action: 'create', kind: 'vhost', name: vhost, reason: IN_PLACE },
      target: { kind: 'vhost' },
      needs: [],
    });
  }
  const always = observed.vhostExists ? [] : [VHOST_STEP];
  const add = (step: TopologyStep) => steps.push({ ...step, needs: [...always, ...step.needs] });

  for (const step of planLimits(topology.limits, observed.limits)) add(step);
  const generated: Policy[] = [];
  const consider = ({ step, policy }: { step?: TopologyStep; policy?: Policy }) => {
    if (policy !== undefined) generated.push(policy);
    // A policy that is there already has made the change.
    if (step !== undefined && (policy === undefined || !isThere(policy, observed.policies))) add(step);
  };
  const policies = [...topology.policies, ...foreignPolicies(topology, observed)];
  const exchanges = new Map(observed.exchanges.map((exchange) => [exchange.name, exchange]));
  for (const exchange of topology.exchanges)
    consider(planExchange(exchange, exchanges.get(exchange.name), policies));
  const queues = new Map(observed.queues.map((queue) => [queue.name, queue]));
  for (const queue of topology.queues) {
    const { defaultQueueType: defaultType } = observed;
    consider(planQueue(queue, queues.get(queue.name), { defaultType, policies }));
  }
  for (const step of planPolicies(topology.policies, generated, observed.policies)) add(step);
  for (const step of planBindings(topology.bindings, observed, steps)) add(step);
  for (const step of planAccounts(accounts, observed.accounts)) add(step);

  const leftovers = pruning === undefined ? [] : planLeftovers(topology, observed, pruning);
  if (prune) for (const step of leftovers) add(step);
  return {
    steps,
    leftovers: prune ? [] : leftovers.map(({ change }) => change),
    unmanaged: unmanagedIn(topology, observed, new Set(leftovers.map(({ id }) => id))),
  };
}

function planLimits(declared: VhostLimits, there: VhostLimits): TopologyStep[] {
  return (['max-queues', 'max-connections'] as const).flatMap((name): TopologyStep[] => {
    const [to, from] = [declared[name], there[name]];
    // A limit that nobody declares may be the operator's.
    if (to === undefined || to === from) return [];
    const fields = [{ path: name, ...(from === undefined ? {} : { from }), to }];
    const action = from === undefined ? ('create' as const) : ('update' as const);
    return [
      {
        id: `limit/${name}`,
        change: { action, kind: 'limit', name, reason: IN_PLACE, fields },
        target: { kind: 'limit', name, value: to },
        needs: [],
      },
    ];
  });
}

/** A binding waits for ends that are created, and not for a migration: there both ends are. */
function planBindings(
  bindings: readonly Binding[],
  observed: ObservedTopology,
  steps: readonly TopologyStep[],
): TopologyStep[] {
  const created = new Set(steps.filter(({ change }) => change.action === 'create').map(({ id }) => id));
  const bound = new Set(observed.bindings.map(bindingName));
  return bindings.flatMap((binding): TopologyStep[] => {
    const name = bindingName(binding);
    if (bound.has(name)) return [];
    return [
      {
        id: `binding/${name}`,
        change: { action: 'create', kind: 'binding', name, reason: IN_PLACE },
        target: { kind: 'binding', binding },
        needs: endsOf(binding).filter((id) => created.has(id)),
      },
    ];
  });
}

function endsOf({ source, destination, destination_type }: Binding): string[] {
  return [
    exchangeStep(source),
    destination_type === 'queue' ? queueStep(destination) : exchangeStep(destination),
  ];
}

/** Policies of others: they hold for our queues as well, where they match. */
function foreignPolicies(topology: Topology, observed: ObservedTopology): Policy[] {
  const declared = new Set(topology.policies.map(({ name }) => name));
  return observed.policies.filter(({ name }) => !declared.has(name));
}

function unmanagedIn(
  desired: Topology,
  observed: ObservedTopology,
  leftovers: ReadonlySet<string>,
): Unmanaged {
  const exchanges = new Set(desired.exchanges.map((exchange) => exchange.name));
  const queues = new Set(desired.queues.map((queue) => queue.name));
  const bindings = new Set(desired.bindings.map(bindingName));
  // An exclusive queue and what binds it belong to one connection: a client's own, such as a reply queue.
  const passing = new Set(observed.queues.filter((queue) => queue.exclusive).map((queue) => queue.name));
  const own = (name: string) => name === '' || name.startsWith('amq.');
  return {
    exchanges: observed.exchanges
      .map(({ name }) => name)
      .filter((name) => !own(name) && !exchanges.has(name) && !leftovers.has(exchangeStep(name))),
    queues: observed.queues
      .map(({ name }) => name)
      .filter(
        (name) => !own(name) && !passing.has(name) && !queues.has(name) && !leftovers.has(queueStep(name)),
      ),
    bindings: observed.bindings
      .filter(({ source, destination }) => source !== '' && !passing.has(destination) && !own(destination))
      .map(bindingName)
      .filter((name) => !bindings.has(name) && !leftovers.has(`binding-gone/${name}`)),
  };
}
