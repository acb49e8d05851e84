import { type BrokerAccess, brokerAccess } from '../broker/access.ts';
import { onBroker } from '../broker/connection.ts';
import { isAboutTheBroker, ManagementApi } from '../broker/management.ts';
import type { Context } from '../context.ts';
import type { Change, ChangeOutcome } from '../model/plan.ts';
import type { Stack } from '../model/stack.ts';
import type { Unmanaged } from '../model/topology.ts';
import { carryOut } from '../reconcile/carry-out.ts';
import { type Ledger, openLedger } from '../reconcile/ledger.ts';
import { CLIENT, declareByAmqp, planByAmqp } from './amqp.ts';
import { declaresTopology, desiredOf } from './desired.ts';
import { observe } from './management/observe.ts';
import { perform } from './management/perform.ts';
import { ledgerName } from './names.ts';
import { planChanges, type TopologyPlan, type TopologyTarget } from './plan/index.ts';

export { checkContracts } from './check-contracts.ts';
export { checkTopology } from './check-topology.ts';
export { definitionsOf } from './definitions.ts';
export { deadLetterQueues, declaresTopology, desiredOf, withEvents } from './desired.ts';
export { exportTopology } from './export.ts';
export { graphOf } from './graph.ts';
export { type MigrationSurroundings, migrateQueue } from './migrate/index.ts';
export type { TopologyPlan } from './plan/index.ts';
export { queuesOf } from './reach.ts';
export { readTopology } from './read.ts';

type Reach = Pick<Context, 'http' | 'clock' | 'interrupted' | 'amqp'>;

export interface PlanTopologyOptions {
  /** Whether what is ours and no longer declared is to be deleted. */
  prune?: boolean;
  /** Queues that may be deleted although they hold messages or have consumers. */
  drop?: readonly string[];
}

export interface PlannedTopology {
  /** What `apply` will do, and what it will not because it needs a migration (`blocked`). */
  changes: Change[];
  /** What is ours, no longer declared, and stays without `prune`. */
  leftovers: Change[];
  /** What is in the vhost and not declared; it stays. */
  unmanaged: Unmanaged;
  /** What could not be compared, because the broker does not tell. */
  notMeasured: string[];
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
/** More queues to migrate than that are not looked at one by one. */
const LARGEST_ESTIMATE = 50;

/**
 * Compares the vhost of the stack with its topology file and with what its services say of their events. A stack that
 * declares nothing has nothing to change, and nobody is asked.
 *
 * @throws QbtcError of `readTopology` and of `ManagementApi`; `BROKER_NOT_DECLARED`, `LEDGER_UNREADABLE`
 */
export async function planTopology(
  context: Reach,
  stack: Stack,
  { prune = false, drop = [] }: PlanTopologyOptions = {},
): Promise<PlannedTopology> {
  const nothing: TopologyPlan = {
    steps: [],
    leftovers: [],
    unmanaged: { exchanges: [], queues: [], bindings: [] },
  };
  if (!declaresTopology(stack)) return planned(nothing);
  const desired = await desiredOf(stack);
  const access = brokerAccess(stack);
  if (access.management === undefined) {
    const { plan, notMeasured } = await planByAmqp(context, access, desired);
    return planned(plan, notMeasured);
  }
  const api = new ManagementApi(context, access.management);
  const [observed, ledger] = await Promise.all([
    observe(api, {
      accounts: desired.accounts.map(({ user }) => user),
      limits: Object.keys(desired.topology.limits).length > 0,
    }),
    ledgerOf(stack, access),
  ]);
  const plan = planChanges(desired, observed, {
    vhost: access.vhost,
    pruning: { isOurs: (name) => ledger.has(name), drop },
    prune,
  });
  await estimateCosts(context, access, plan);
  return planned(plan);
}

function planned(plan: TopologyPlan, notMeasured: string[] = []): PlannedTopology {
  const { leftovers, unmanaged } = plan;
  return { changes: plan.steps.map((step) => step.change), leftovers, unmanaged, notMeasured, plan };
}

/** What a migration would move, and who would wait. Where AMQP cannot be spoken, that stays unsaid. */
async function estimateCosts(context: Reach, access: BrokerAccess, { steps }: TopologyPlan): Promise<void> {
  const migrations = steps.filter(({ change }) => change.kind === 'queue' && change.needsMigration === true);
  if (migrations.length === 0) return;
  const estimate = onBroker(context, access, CLIENT, async (connection) => {
    for (const step of migrations.slice(0, LARGEST_ESTIMATE)) {
      const queue = await connection.inspectQueue(step.change.name);
      if (queue === undefined) continue;
      const messages = queue.messages === 1 ? '1 message' : `${queue.messages} messages`;
      const consumers = queue.consumers === 1 ? '1 consumer' : `${queue.consumers} consumers`;
      step.change = { ...step.change, cost: `${messages} to move twice, ${consumers} to pause meanwhile` };
    }
  });
  await estimate.catch(() => {});
}

/**
 * Carries out the plan: one outcome for each of its changes. A failed one stops only what needs it; a broker that is
 * gone stops the rest. Never rejects because of a failed change. What was done before an interruption stays, and the
 * next plan goes on from there.
 */
export async function applyTopology(
  context: Reach,
  stack: Stack,
  { plan }: Pick<PlannedTopology, 'plan'>,
  { onProgress, concurrency = CONCURRENCY }: ApplyOptions = {},
): Promise<ChangeOutcome[]> {
  if (plan.steps.length === 0) return [];
  const access = brokerAccess(stack);
  const options = {
    concurrency,
    signal: context.interrupted,
    isFinal: isAboutTheBroker,
    ...(onProgress ? { onOutcome: onProgress } : {}),
  };
  if (access.management === undefined) return declareByAmqp(context, access, plan, options);
  const api = new ManagementApi(context, access.management);
  const look = (name: string) =>
    onBroker(context, access, CLIENT, (connection) => connection.inspectQueue(name));
  const ledger = await ledgerOf(stack, access);
  await ledger.add(...plan.steps.flatMap(({ target, change }) => created(target, change)));
  const outcomes = await carryOut(plan.steps, ({ target }) => perform(api, target, look), options);
  const gone = plan.steps.filter((_, index) => outcomes[index]?.status === 'done');
  await ledger.remove(...gone.flatMap(({ target, change }) => deleted(target, change)));
  return outcomes;
}

function created(target: TopologyTarget, change: Change): string[] {
  if (change.action !== 'create') return [];
  const { kind } = target;
  return kind === 'exchange' || kind === 'queue' || kind === 'binding' || kind === 'policy'
    ? [ledgerName(kind, change.name)]
    : [];
}

function deleted({ kind }: TopologyTarget, { action, name }: Change): string[] {
  if (action !== 'delete') return [];
  const what = kind.replace(/-gone$/, '');
  return what === 'exchange' || what === 'queue' || what === 'binding' || what === 'policy'
    ? [ledgerName(what, name)]
    : [];
}

function ledgerOf(stack: Stack, { url, vhost }: BrokerAccess): Promise<Ledger> {
  return openLedger(stack.root, 'broker', `${url}/${vhost}`);
}
