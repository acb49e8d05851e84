import { messageOf } from '../errors.ts';
import type { ChangeOutcome } from '../model/plan.ts';
import type { Step } from './step.ts';

export interface CarryOutOptions {
  /** How many steps are in flight at most. */
  concurrency: number;
  /** Called once for each step, as it ends. */
  onOutcome?: (outcome: ChangeOutcome) => void;
  /** Once aborted, no further step is started. */
  signal?: AbortSignal;
  /** Says whether a failure makes every further step pointless: the far side is gone, or refuses us altogether. */
  isFinal?: (error: unknown) => boolean;
}

/**
 * Carries out the steps of a plan: each as soon as those that it needs are done, in the order of the plan.
 * A failed step stops only what needs it. Never rejects because of a failed step.
 *
 * @returns one outcome for each step, in the order of the plan
 */
export async function carryOut<Target>(
  steps: readonly Step<Target>[],
  perform: (step: Step<Target>) => Promise<void>,
  options: CarryOutOptions,
): Promise<ChangeOutcome[]> {
  const outcomes = new Map<string, ChangeOutcome>();
  const dependants = new Map<string, Step<Target>[]>();
  const waitingFor = new Map<string, number>();
  const known = new Set(steps.map((step) => step.id));
  const ready: Step<Target>[] = [];
  for (const step of steps) {
    const needs = new Set(step.needs.filter((id) => known.has(id)));
    waitingFor.set(step.id, needs.size);
    for (const id of needs) {
      const list = dependants.get(id);
      if (list) list.push(step);
      else dependants.set(id, [step]);
    }
    if (needs.size === 0) ready.push(step);
  }

  let stoppedBy: string | undefined;

  const settle = (step: Step<Target>, status: ChangeOutcome['status'], reason?: string) => {
    const outcome: ChangeOutcome = {
      change: step.change,
      status,
      ...(reason === undefined ? {} : { reason }),
    };
    outcomes.set(step.id, outcome);
    options.onOutcome?.(outcome);
    for (const dependant of dependants.get(step.id) ?? []) {
      const left = (waitingFor.get(dependant.id) ?? 0) - 1;
      waitingFor.set(dependant.id, left);
      if (left === 0) ready.push(dependant);
    }
  };

  /** Why the step is not even tried. */
  const obstacle = (step: Step<Target>): string | undefined => {
    if (options.signal?.aborted) return 'interrupted';
    if (stoppedBy !== undefined) return stoppedBy;
    for (const id of step.needs) {
      const needed = outcomes.get(id);
      if (needed && needed.status !== 'done') {
        return `${needed.change.kind} ${needed.change.name} ${needed.status === 'failed' ? 'failed' : 'was skipped'}`;
      }
    }
    return undefined;
  };

  let next = 0;
  const worker = async (): Promise<void> => {
    for (let step = ready[next]; step !== undefined; step = ready[next]) {
      next += 1;
      const reason = obstacle(step);
      if (step.change.blocked !== undefined) settle(step, 'failed', step.change.blocked);
      else if (reason !== undefined) settle(step, 'skipped', reason);
      else {
        try {
          await perform(step);
          settle(step, 'done');
        } catch (error) {
          if (options.isFinal?.(error)) stoppedBy ??= messageOf(error);
          settle(step, 'failed', messageOf(error));
        }
        startWorkers();
      }
    }
  };

  const running = new Set<Promise<void>>();
  const startWorkers = () => {
    while (running.size < options.concurrency && next < ready.length) {
      const work: Promise<void> = worker().finally(() => running.delete(work));
      running.add(work);
      // A worker takes its first step at once, so `next` has moved on here.
    }
  };
  startWorkers();
  while (running.size > 0) await Promise.race(running);

  return steps.map(
    (step) =>
      outcomes.get(step.id) ?? {
        change: step.change,
        status: 'skipped',
        reason: 'it needs itself through others',
      },
  );
}
