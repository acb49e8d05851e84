import type { Context } from '../context.ts';
import type { UpAction, UpPlan } from '../model/lifecycle.ts';
import type { InfrastructurePlan } from '../model/placement.ts';
import type { Stack } from '../model/stack.ts';
import {
  chooseProviders,
  leavingContainers,
  leavingProcesses,
  nameStrategy,
  observeRunning,
  type PlacementOptions,
  type RunningParts,
  runningProvider,
} from '../placement/index.ts';
import { instancesOf, outgoingPorts } from '../services/index.ts';
import type { Intent } from './check.ts';
import { checkBefore, lines, refuseFaulty } from './check-before.ts';
import { collected } from './collected.ts';
import { refuseRenamed } from './renamed.ts';
import type { Selection } from './run.ts';
import { select } from './selection.ts';

export interface PlanOptions {
  placement: PlacementOptions;
  /** Resources and services to bring up, with what they need; all when empty. */
  only: readonly string[];
  /** With `only`: without the services that they need. */
  exactly?: boolean;
  /** Whether migrations, topology and routes are to be applied; they are, when left out. */
  applies?: boolean;
}

/**
 * Looks and decides. Starts, writes, and locks nothing.
 * @throws QbtcError as `up` before it starts anything
 */
export async function planUp(context: Context, stack: Stack, options: PlanOptions): Promise<UpPlan> {
  refuseRenamed(stack);
  const present = await observeRunning(context, stack.root);
  const selection = select(stack, options.only, options.exactly);
  const { placement, applies = true } = options;
  const plan = await decideChecked(context, stack, selection, present, {
    placement,
    applies,
    mayWrite: false,
  });
  const ends = [
    ...leavingProcesses(stack, plan, present.processes, present.plan).map(({ name }) => name),
    ...leavingContainers(plan, present.containers),
  ];
  const actionOf = (name: string, now: string | undefined, then: string): UpAction => {
    if (then === 'external') return 'adopt';
    if (now === undefined) return 'start';
    return now === then && !ends.includes(name) ? 'keep' : 'replace';
  };
  const selected = new Set([...selection.resources, ...selection.services].map(({ name }) => name));
  return {
    stack: stack.name,
    strategy: plan.strategy,
    resources: plan.choices
      .filter(({ resource }) => selected.has(resource))
      .map((choice) => ({
        ...choice,
        action: actionOf(choice.resource, runningProvider(present, choice.resource), choice.provider),
      })),
    services: plan.services
      .filter(({ service }) => selected.has(service))
      .map((choice) => ({
        ...choice,
        action:
          choice.byHand === undefined && choice.runs !== 'adopted'
            ? actionOf(choice.service, whereRuns(present, stack, choice.service), choice.runs)
            : 'adopt',
      })),
    ends,
  };
}

/**
 * Decides, and looks at all else that can be told before anything is started. All that stands in the way is told at
 * once; what is only to be known goes to stderr.
 *
 * @throws QbtcError that of the only fault; `START_REFUSED` with a line for each
 */
export async function decideChecked(
  context: Context,
  stack: Stack,
  selection: Selection,
  present: RunningParts,
  { placement, ...intent }: Pick<PlanOptions, 'placement'> & Pick<Intent, 'applies' | 'mayWrite' | 'bundles'>,
): Promise<InfrastructurePlan> {
  let plan: InfrastructurePlan | undefined;
  const undecided = await collected(async () => {
    plan = await decide(context, stack, selection, present, placement);
  });
  const findings = [...undecided, ...(await checkBefore(context, { stack, selection, plan, ...intent }))];
  refuseFaulty(findings);
  for (const finding of findings) for (const line of lines(finding)) context.io.err(line);
  if (plan === undefined) throw new Error('a plan that could not be made is a fault');
  return plan;
}

/** Decides for what is selected; what is not keeps what was decided for it before. */
export async function decide(
  context: Context,
  stack: Stack,
  { resources, services }: Selection,
  present: RunningParts,
  placement: PlacementOptions,
): Promise<InfrastructurePlan> {
  const outgoing = await outgoingPorts(context, stack);
  if (outgoing !== undefined) context.io.err(`${outgoing.found}; ${outgoing.fix}`);
  const made = await chooseProviders(
    context,
    { ...stack, resources: [...resources], services: [...services] },
    present,
    placement,
  );
  if (resources.length === stack.resources.length && services.length === stack.services.length) return made;
  const choices = stack.resources.flatMap(
    ({ name }) =>
      made.choices.find(({ resource }) => resource === name) ??
      present.plan?.choices.find(({ resource }) => resource === name) ??
      [],
  );
  // Where a service runs follows from what all resources are: of some of them it cannot be told.
  const runs = stack.services.flatMap(({ name }) => {
    const before = present.plan?.services.find(({ service }) => service === name);
    const now = made.services.find(({ service }) => service === name);
    const chosen = placement.strategy === undefined ? (before ?? now) : (now ?? before);
    if (chosen === undefined) return [];
    // What runs by hand does so now, whatever was decided before.
    const { byHand: _, ...where } = chosen;
    if (now?.runs === 'adopted' || chosen.runs === 'adopted') return now ?? [];
    return now?.byHand === undefined ? where : { ...where, byHand: now.byHand, reason: now.reason };
  });
  return { strategy: nameStrategy(choices, runs), choices, services: runs };
}

function whereRuns(
  present: RunningParts,
  stack: Stack,
  service: string,
): 'process' | 'container' | undefined {
  if (runningProvider(present, service) === 'docker') return 'container';
  const declared = stack.services.find(({ name }) => name === service);
  const names = declared === undefined ? [] : instancesOf(declared).map(({ name }) => name);
  return present.processes.some(({ name, pid }) => pid !== undefined && names.includes(name))
    ? 'process'
    : undefined;
}
