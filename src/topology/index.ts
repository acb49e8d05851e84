import type { Context } from '../context.ts';
import { QbtcError } from '../errors.ts';
import type { Change, ChangeOutcome } from '../model/plan.ts';
import type { Stack } from '../model/stack.ts';
import { carryOut } from '../reconcile/carry-out.ts';
import { isAboutTheBroker, Management, type ManagementAccess } from './management.ts';
import { planChanges, type TopologyPlan, type TopologyTarget, type Unmanaged } from './plan.ts';
import { readTopology } from './read.ts';

export { definitionsOf } from './definitions.ts';
export type { TopologyPlan, Unmanaged } from './plan.ts';
export { readTopology } from './read.ts';

type Reach = Pick<Context, 'http' | 'clock' | 'interrupted'>;

export interface PlannedTopology {
  /** What `apply` will do, and what it will not because it needs a migration (`blocked`). */
  changes: Change[];
  /** What is in the vhost and not declared; it stays. */
  unmanaged: Unmanaged;
  /** What `applyTopology` carries out. */
  plan: TopologyPlan;
}

export interface ApplyOptions {
  /** Called as each change ends. */
  onProgress?: (outcome: ChangeOutcome) => void;
  /** How many requests are in flight at most. */
  concurrency?: number;
}

const CONCURRENCY = 16;

/**
 * Compares the vhost of the stack with its topology file. A stack without one declares nothing, so there is nothing
 * to change, and nobody is asked.
 *
 * @throws QbtcError of `readTopology` and of `Management`; `BROKER_NOT_DECLARED`
 */
export async function planTopology(context: Reach, stack: Stack): Promise<PlannedTopology> {
  if (stack.topologyFile === undefined) {
    const plan: TopologyPlan = { steps: [], unmanaged: { exchanges: [], queues: [], bindings: [] } };
    return { changes: [], unmanaged: plan.unmanaged, plan };
  }
  const desired = await readTopology(stack.topologyFile);
  const access = accessOf(stack);
  const observed = await new Management(context, access).observe();
  const plan = planChanges(desired, observed, access.vhost);
  return { changes: plan.steps.map((step) => step.change), unmanaged: plan.unmanaged, plan };
}

/**
 * Carries out the plan: one outcome for each of its changes. A failed one stops only what needs it; a broker that is
 * gone stops the rest. Never rejects because of a failed change.
 */
export async function applyTopology(
  context: Reach,
  stack: Stack,
  { plan }: Pick<PlannedTopology, 'plan'>,
  { onProgress, concurrency = CONCURRENCY }: ApplyOptions = {},
): Promise<ChangeOutcome[]> {
  if (plan.steps.length === 0) return [];
  const management = new Management(context, accessOf(stack));
  return carryOut(plan.steps, ({ target }) => declare(management, target), {
    concurrency,
    signal: context.interrupted,
    isFinal: isAboutTheBroker,
    ...(onProgress ? { onOutcome: onProgress } : {}),
  });
}

function declare(management: Management, target: TopologyTarget): Promise<void> {
  switch (target.kind) {
    case 'vhost':
      return management.createVhost();
    case 'exchange':
      return management.declareExchange(target.exchange);
    case 'queue':
      return management.declareQueue(target.queue);
    case 'binding':
      return management.bind(target.binding);
  }
}

function accessOf(stack: Stack): ManagementAccess {
  const broker = stack.resources.find((resource) => resource.kind === 'rabbitmq');
  if (!broker) {
    throw new QbtcError('BROKER_NOT_DECLARED', `${stack.name} declares a topology and no broker to hold it`, {
      hint: `add a resource of kind rabbitmq to infrastructure in ${stack.file}`,
    });
  }
  const { managementUrl, user, password, vhost } = broker.endpoint;
  if (managementUrl === undefined || user === undefined || password === undefined || vhost === undefined) {
    throw new QbtcError(
      'BROKER_NOT_DECLARED',
      `the broker ${broker.name} has no management API to read it through`,
      {
        hint: `give infrastructure.${broker.name} its management_url in ${stack.file}`,
      },
    );
  }
  return { url: managementUrl.replace(/\/+$/, ''), user, password, vhost };
}
