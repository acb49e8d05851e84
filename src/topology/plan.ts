import type { Change, FieldChange } from '../model/plan.ts';
import type { Binding, Exchange, Queue, Topology } from '../model/topology.ts';
import { difference } from '../reconcile/difference.ts';
import type { Step } from '../reconcile/step.ts';
import { bindingName } from './names.ts';
import type { ObservedQueue, ObservedTopology } from './observed.ts';

/** What a step declares. */
export type TopologyTarget =
  | { kind: 'vhost' }
  | { kind: 'exchange'; exchange: Exchange }
  | { kind: 'queue'; queue: Queue }
  | { kind: 'binding'; binding: Binding };

export type TopologyStep = Step<TopologyTarget>;

/** What is in the vhost and not declared. It is left alone. */
export interface Unmanaged {
  exchanges: string[];
  queues: string[];
  bindings: string[];
}

export interface TopologyPlan {
  /** The vhost, exchanges, queues, then bindings. */
  steps: TopologyStep[];
  unmanaged: Unmanaged;
}

/** How a change is made, the label of each change: at once, or not without moving messages. */
const IN_PLACE = 'in place';
const NEEDS_MIGRATION = 'needs migration';

const VHOST_STEP = 'vhost';

/**
 * What must change for the vhost to hold the topology. What is missing is created in place. What is there and differs
 * cannot be changed in AMQP: the change is blocked and says why. Nothing is ever deleted.
 */
export function planChanges(desired: Topology, observed: ObservedTopology, vhost: string): TopologyPlan {
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

  const exchanges = new Map(observed.exchanges.map((exchange) => [exchange.name, exchange]));
  for (const exchange of desired.exchanges) {
    const change = planExchange(exchange, exchanges.get(exchange.name));
    if (!change) continue;
    steps.push({
      id: exchangeStep(exchange.name),
      change,
      target: { kind: 'exchange', exchange },
      needs: always,
    });
  }
  const queues = new Map(observed.queues.map((queue) => [queue.name, queue]));
  for (const queue of desired.queues) {
    const change = planQueue(queue, queues.get(queue.name), observed.defaultQueueType, vhost);
    if (change)
      steps.push({ id: queueStep(queue.name), change, target: { kind: 'queue', queue }, needs: always });
  }
  // A binding does not wait for a migration: both of its ends are there.
  const created = new Set(steps.filter(({ change }) => change.blocked === undefined).map((step) => step.id));
  const bound = new Set(observed.bindings.map(bindingName));
  for (const binding of desired.bindings) {
    const name = bindingName(binding);
    if (bound.has(name)) continue;
    steps.push({
      id: `binding/${name}`,
      change: { action: 'create', kind: 'binding', name, reason: IN_PLACE },
      target: { kind: 'binding', binding },
      needs: [...always, ...endsOf(binding)].filter((id) => created.has(id)),
    });
  }
  return { steps, unmanaged: unmanagedIn(desired, observed) };
}

function exchangeStep(name: string): string {
  return `exchange/${name}`;
}

function queueStep(name: string): string {
  return `queue/${name}`;
}

function endsOf({ source, destination, destination_type }: Binding): string[] {
  return [
    exchangeStep(source),
    destination_type === 'queue' ? queueStep(destination) : exchangeStep(destination),
  ];
}

function planExchange(exchange: Exchange, there: Exchange | undefined): Change | undefined {
  const { name } = exchange;
  if (!there) return { action: 'create', kind: 'exchange', name, reason: IN_PLACE };
  const fields = difference(exchange, there);
  if (fields.length === 0) return undefined;
  return {
    action: 'update',
    kind: 'exchange',
    name,
    reason: NEEDS_MIGRATION,
    fields,
    blocked: `${NEEDS_MIGRATION}: RabbitMQ cannot change ${pathsOf(fields)} of an exchange that is there; declare it under a new name, move its publishers and bindings, then delete it`,
  };
}

function planQueue(
  queue: Queue,
  there: ObservedQueue | undefined,
  defaultType: string,
  vhost: string,
): Change | undefined {
  const { name } = queue;
  if (!there) return { action: 'create', kind: 'queue', name, reason: IN_PLACE };
  const { type, exclusive: _, ...observed } = there;
  const { 'x-queue-type': declaredType = defaultType, ...args } = queue.arguments;
  const typeChange = difference(declaredType, type, undefined, ['arguments', 'x-queue-type']);
  const fields = [...typeChange, ...difference({ ...queue, arguments: args }, observed)];
  if (fields.length === 0) return undefined;
  return {
    action: 'update',
    kind: 'queue',
    name,
    reason: NEEDS_MIGRATION,
    fields,
    blocked: `${NEEDS_MIGRATION}: RabbitMQ cannot change ${pathsOf(fields)} of a queue that is there; a later version of qbtc moves its messages. Until then: let its consumers empty it, delete it in the management UI or with \`DELETE /api/queues/${encodeURIComponent(vhost)}/${encodeURIComponent(name)}\`, then run \`qbtc topology apply\``,
  };
}

function pathsOf(fields: readonly FieldChange[]): string {
  return fields.map((field) => field.path.replace(/^arguments\./, '')).join(', ');
}

function unmanagedIn(desired: Topology, observed: ObservedTopology): Unmanaged {
  const exchanges = new Set(desired.exchanges.map((exchange) => exchange.name));
  const queues = new Set(desired.queues.map((queue) => queue.name));
  const bindings = new Set(desired.bindings.map(bindingName));
  // An exclusive queue and what binds it belong to one connection: a client's own, such as a reply queue.
  const passing = new Set(observed.queues.filter((queue) => queue.exclusive).map((queue) => queue.name));
  const own = (name: string) => name === '' || name.startsWith('amq.');
  return {
    exchanges: observed.exchanges
      .map(({ name }) => name)
      .filter((name) => !own(name) && !exchanges.has(name)),
    queues: observed.queues
      .map(({ name }) => name)
      .filter((name) => !own(name) && !passing.has(name) && !queues.has(name)),
    bindings: observed.bindings
      .filter(({ source, destination }) => source !== '' && !passing.has(destination) && !own(destination))
      .map(bindingName)
      .filter((name) => !bindings.has(name)),
  };
}
