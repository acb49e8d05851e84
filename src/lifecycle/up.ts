import { setMaxListeners } from 'node:events';
import { keepPortBase } from '../config/port-base.ts';
import { addScale, type Scale } from '../config/scale.ts';
import type { Context } from '../context.ts';
import { EXIT, QbtcError } from '../errors.ts';
import type { UpResult } from '../model/lifecycle.ts';
import type { InfrastructurePlan } from '../model/placement.ts';
import type { Stack } from '../model/stack.ts';
import {
  isOurs,
  leavingContainers,
  leavingProcesses,
  type Present,
  placed,
  withContainers,
} from '../placement/index.ts';
import { resourceOfKind } from '../resources/facts.ts';
import { acceptLoss } from '../resources/index.ts';
import {
  type Containers,
  compareDeclarations,
  containedParts,
  openContainers,
  openDriver,
} from '../runtimes/containers/index.ts';
import {
  attachSupervisor,
  type SupervisorClient,
  startSupervisor,
  supervisorProgram,
} from '../runtimes/processes/index.ts';
import { Bundles } from '../services/index.ts';
import { checkDisk, ensureIdentity, refuseHeld, writeChoices } from '../state/index.ts';
import { writeComposeFiles } from './compose-files.ts';
import { Contained } from './contained.ts';
import { withLock } from './lock.ts';
import { lookAtOwnCode } from './own-code.ts';
import { Parts, type Running } from './part.ts';
import { Processes } from './processes.ts';
import { refuseRenamed } from './renamed.ts';
import { Run } from './run.ts';
import { select } from './selection.ts';
import { Steps } from './steps.ts';
import { timingOf } from './timing.ts';
import { decideChecked, type PlanOptions } from './up-plan.ts';

export interface UpOptions extends PlanOptions {
  /** Whether migrations, topology, and routes are applied too. */
  apply: boolean;
  /** How long each resource and service may take until it is ready. */
  timeoutMs: number;
  /** Whether embedded parts may start without what is damaged in their data. */
  acceptLoss?: boolean;
  /** How many instances of services were asked for; the stack has them already. Remembered until `down`. */
  scale?: Scale;
}

/** What a run has begun to hold: given back, or taken back, at its end. */
interface Held {
  supervisor: SupervisorClient | undefined;
  processes: Processes | undefined;
  contained: Contained | undefined;
  containers: Containers;
  /** Takes the word back that a loss is accepted. */
  refuseLoss: () => Promise<void>;
}

/**
 * Brings the stack up: decides who provides what, starts it in the order of its dependencies, applies migrations
 * and topology before the services start and routes after they are healthy. Returns when all is healthy; does
 * nothing where nothing is to do. Interrupted, it takes back what it started.
 *
 * @throws QbtcError with the reason why it cannot, or why something did not become ready
 */
export async function up(context: Context, stack: Stack, options: UpOptions): Promise<UpResult> {
  return withLock(stack.root, 'qbtc up', async () => {
    const held: Held = {
      supervisor: undefined,
      processes: undefined,
      contained: undefined,
      containers: openContainers(context, stack.root),
      refuseLoss: async () => {},
    };
    try {
      return await bringUp(context, stack, options, held);
    } catch (error) {
      // What went wrong is the news; that it could not be cleaned up after is not.
      await takeBack(context, held).catch(() => {});
      if (context.interrupted.aborted) {
        throw new QbtcError('INTERRUPTED', 'interrupted; what this `up` had started was stopped', {
          exit: EXIT.interrupted,
        });
      }
      throw error;
    } finally {
      await held.refuseLoss().catch(() => {});
      held.supervisor?.close();
      context.io.progress.stop();
    }
  });
}

async function bringUp(context: Context, declared: Stack, options: UpOptions, held: Held): Promise<UpResult> {
  const before = context.clock.monotonic();
  refuseRenamed(declared);
  await checkDisk(declared.root);
  await ensureIdentity(declared.root, { name: declared.name });
  const program = supervisorProgram(context);
  held.supervisor = await attachSupervisor(context, declared.root, program, (names) =>
    context.io.progress.step('what ran before', `ending: ${names.join(', ')}`),
  );
  const present = await withContainers(context, declared.root, (await held.supervisor?.list()) ?? []);
  const selection = select(declared, options.only, options.exactly);
  await refuseHeld(
    declared.root,
    [...selection.resources, ...selection.services].map(({ name }) => name),
  );
  const bundles = new Bundles(declared.root, context);
  const plan = await decideChecked(context, declared, selection, present, {
    wishes: options.wishes,
    applies: options.apply,
    mayWrite: true,
    bundles,
  });
  const ended = await endLeaving(context, declared, plan, present, held);
  await writeChoices(declared.root, plan);
  const { portBase, declaredPortBase = portBase } = declared;
  if (declared.portBaseFrom !== undefined) await keepPortBase(declared.root, portBase, declaredPortBase);
  if (options.scale !== undefined) await addScale(declared.root, options.scale);
  await writeComposeFiles(context, declared);
  if (options.acceptLoss === true) held.refuseLoss = await acceptLoss(declared.root, plan);

  const stack = placed(declared, plan);
  const steps = new Steps(context.clock);
  // The first failure ends the waiting of everything else.
  const interrupted = AbortSignal.any([context.interrupted, steps.failed.signal]);
  setMaxListeners(0, interrupted);
  const parts = new Parts();
  const running: Running = {
    context: { ...context, interrupted },
    root: stack.root,
    timeoutMs: options.timeoutMs,
    parts,
  };
  let starting: Promise<SupervisorClient> | undefined;
  const supervisor = async () => {
    starting ??=
      held.supervisor === undefined ? startSupervisor(stack.root, program) : Promise.resolve(held.supervisor);
    held.supervisor = await starting;
    return held.supervisor;
  };
  held.processes = new Processes(running, supervisor, byName(present.processes.filter(isOurs)));
  if (containedParts(plan).size > 0) {
    const [driver, declarations] = await Promise.all([
      openDriver(running.context, stack),
      compareDeclarations(context, stack),
    ]);
    held.contained = new Contained(running, driver, held.containers, present.containers, declarations);
  }
  const run = new Run(
    stack,
    select(stack, options.only, options.exactly),
    running,
    { processes: held.processes, contained: held.contained, bundles },
    steps,
  );
  await run.everything(plan, options);
  // Whether something was declared before is known only by what a start or an end has left behind.
  if (parts.started.length > 0 || ended) {
    const { forgetUndeclared } = await import('../discovery/registry-cache.ts');
    await forgetUndeclared(context, stack).catch(() => {});
  }
  const processes = (await held.supervisor?.list()) ?? [];
  const outdated = await lookAtOwnCode(context, stack, selection.services, processes);
  return {
    stack: stack.name,
    strategy: plan.strategy,
    choices: plan.choices,
    services: plan.services,
    started: parts.started,
    kept: parts.kept,
    outdated,
    outcomes: run.outcomes,
    gatewayUrl: resourceOfKind(selection, 'apisix')?.endpoint.url,
    durationMs: context.clock.monotonic() - before,
    timing: timingOf(steps.times()),
  };
}

/** Ends what is declared otherwise now: it would stand in the way of what is to come. Tells whether there was any. */
async function endLeaving(
  context: Context,
  stack: Stack,
  plan: InfrastructurePlan,
  present: Present,
  held: Held,
): Promise<boolean> {
  const { progress } = context.io;
  const processes = leavingProcesses(stack, plan, present.processes, present.plan);
  // The last ones to have started may need the first ones.
  for (const { name } of processes.toReversed()) {
    progress.step(name, 'ending what is declared otherwise now');
    await held.supervisor?.stop(name);
    progress.done(name, 'ended');
  }
  const containers = leavingContainers(plan, present.containers);
  for (const name of containers) progress.step(name, 'ending what is declared otherwise now');
  if (containers.length > 0) await held.containers.stop(containers);
  for (const name of containers) progress.done(name, 'ended');
  return processes.length + containers.length > 0;
}

function byName<T extends { name: string }>(items: readonly T[]): Map<string, T> {
  return new Map(items.map((item) => [item.name, item]));
}

/**
 * Interrupted: stops what this run started. Failed: leaves it, so that it can be looked at. A supervisor that has
 * nothing left to run ends too.
 */
async function takeBack(context: Context, held: Held): Promise<void> {
  const { supervisor, processes, contained, containers } = held;
  const { aborted } = context.interrupted;
  if (aborted) {
    const touched = processes?.touched ?? new Set();
    const ours = ((await supervisor?.list()) ?? []).filter(({ name }) => touched.has(name));
    await Promise.all(ours.map(({ name }) => supervisor?.stop(name)));
    if (contained !== undefined && contained.touched.size > 0) await containers.stop([...contained.touched]);
  }
  const left = ((await supervisor?.list()) ?? []).filter(isOurs).map(({ name }) => name);
  if (left.length === 0) await supervisor?.shutdown(() => {});
  if (aborted) return;
  const inDocker = [...(contained?.touched ?? [])];
  if (left.length + inDocker.length === 0) return;
  context.io.err(
    `still running, to be looked at: ${[...left, ...inDocker].join(', ')} (qbtc down ends them)`,
  );
}
