import { setMaxListeners } from 'node:events';
import { keepPortBase } from '../config/port-base.ts';
import { addScale, type Scale } from '../config/scale.ts';
import type { Context } from '../context.ts';
import { EXIT, QbtcError } from '../errors.ts';
import type { UpResult } from '../model/lifecycle.ts';
import type { InfrastructurePlan } from '../model/placement.ts';
import type { Stack } from '../model/stack.ts';
import {
  isSupervised,
  leavingContainers,
  leavingProcesses,
  placed,
  type RunningParts,
  withContainers,
} from '../placement/index.ts';
import { resourceOfKind } from '../resources/facts.ts';
import { type AcceptedLoss, acceptLoss } from '../resources/index.ts';
import {
  containedParts,
  containerPart,
  containerRuntime,
  containersAt,
} from '../runtimes/containers/index.ts';
import { type ProcessRuntime, processPart, processRuntime } from '../runtimes/processes/index.ts';
import type { Runtime } from '../runtimes/runtime.ts';
import { installInClone } from '../scaffold/install.ts';
import { Bundles } from '../services/index.ts';
import { checkDisk, ensureIdentity, refuseHeld, writeChoices } from '../state/index.ts';
import { writeComposeFiles } from './compose-files.ts';
import { withLock } from './lock.ts';
import { lookAtOwnCode, withOtherCode } from './own-code.ts';
import { Parts, type Running } from './part.ts';
import { refuseRenamed } from './renamed.ts';
import { Run, type Starters } from './run.ts';
import { select } from './selection.ts';
import { Starter } from './starter.ts';
import { Steps } from './steps.ts';
import { tellLoss } from './tell-loss.ts';
import { timingOf } from './timing.ts';
import { decideChecked, type PlanOptions } from './up-plan.ts';

export interface UpOptions extends PlanOptions {
  /** Whether migrations, topology, and routes are applied too. */
  apply: boolean;
  /** Whether the packages of a fresh clone are installed first. */
  install?: boolean;
  /** How long each resource and service may take until it is ready. */
  timeoutMs: number;
  /** Whether embedded parts may start without what is damaged in their data. */
  acceptLoss?: boolean;
  /** Services with a command of their own that are started anew where their code is another one than at their start. */
  anew?: readonly string[];
  /** How many instances of services were asked for; the stack has them already. Remembered until `down`. */
  scale?: Scale;
}

/** What a run has begun to hold: given back, or taken back, at its end. */
interface Held {
  processes: ProcessRuntime;
  containers: Runtime;
  starters: Starters | undefined;
  acceptedLoss: AcceptedLoss | undefined;
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
    // Refused before anything is held: what runs has nothing to do with this run.
    refuseRenamed(stack);
    await checkDisk(stack.root);
    await ensureIdentity(stack.root, { name: stack.name });
    const held: Held = {
      processes: processRuntime(context, stack.root, (names) =>
        context.io.progress.step('what ran before', `ending: ${names.join(', ')}`),
      ),
      containers: containersAt(context, stack.root),
      starters: undefined,
      acceptedLoss: undefined,
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
      if (held.acceptedLoss !== undefined) await tellLoss(context.io, held.acceptedLoss);
      held.processes.close();
      context.io.progress.stop();
    }
  });
}

async function bringUp(context: Context, declared: Stack, options: UpOptions, held: Held): Promise<UpResult> {
  const before = context.clock.monotonic();
  if (options.install === true) await installInClone(context, declared.root);
  const present = await withContainers(context, declared.root, await held.processes.takeOver());
  const selection = select(declared, options.only, options.exactly);
  await refuseHeld(
    declared.root,
    [...selection.resources, ...selection.services].map(({ name }) => name),
  );
  const bundles = new Bundles(declared.root, context);
  const plan = await decideChecked(context, declared, selection, present, {
    placement: options.placement,
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
  if (options.acceptLoss === true) held.acceptedLoss = await acceptLoss(declared.root, plan);

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
  const containers = containedParts(plan).size > 0 ? containerRuntime(running.context, stack) : undefined;
  const starters: Starters = {
    processes: {
      runtime: held.processes,
      starter: new Starter(running, held.processes, present.processes.filter(isSupervised).map(processPart)),
    },
    containers: containers && {
      runtime: containers,
      starter: new Starter(running, containers, present.containers.map(containerPart)),
    },
    bundles,
  };
  held.starters = starters;
  const { anew = [] } = options;
  const changed = selection.services.filter(({ name }) => anew.includes(name));
  const run = new Run(stack, select(stack, options.only, options.exactly), running, starters, steps);
  run.anew = await withOtherCode(context, stack, changed, present.processes);
  await run.everything(plan, options);
  // Whether something was declared before is known only by what a start or an end has left behind.
  if (parts.started.length > 0 || ended) {
    const { forgetUndeclared } = await import('../discovery/registry-cache.ts');
    await forgetUndeclared(context, stack).catch(() => {});
  }
  const processes = await held.processes.takeOver();
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
  present: RunningParts,
  held: Held,
): Promise<boolean> {
  const { progress } = context.io;
  const processes = leavingProcesses(stack, plan, present.processes, present.plan);
  // The last ones to have started may need the first ones.
  for (const { name } of processes.toReversed()) {
    progress.step(name, 'ending what is declared otherwise now');
    await held.processes.stop([name]);
    progress.done(name, 'ended');
  }
  const containers = leavingContainers(plan, present.containers);
  for (const name of containers) progress.step(name, 'ending what is declared otherwise now');
  if (containers.length > 0) await held.containers.stop(containers);
  for (const name of containers) progress.done(name, 'ended');
  return processes.length + containers.length > 0;
}

/**
 * Interrupted: stops what this run started. Failed: leaves it, so that it can be looked at. A supervisor that has
 * nothing left to run ends too.
 */
async function takeBack(context: Context, { processes, containers, starters }: Held): Promise<void> {
  const { aborted } = context.interrupted;
  const ours = [...(starters?.processes.starter.touched ?? [])];
  const contained = [...(starters?.containers?.starter.touched ?? [])];
  if (aborted) {
    await processes.stop(ours);
    if (contained.length > 0) await containers.stop(contained);
  }
  const left = (await processes.takeOver()).filter(isSupervised).map(({ name }) => name);
  if (left.length === 0) await processes.remove({ volumes: false, onEnding() {}, onStopped() {} });
  // Refused before anything was started: what ran before runs on, and nobody has to look at it.
  if (aborted || starters === undefined || left.length + contained.length === 0) return;
  context.io.err(
    `still running, to be looked at: ${[...left, ...contained].join(', ')} (qbtc down ends them)`,
  );
}
