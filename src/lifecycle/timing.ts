import type { StepTime, Timing } from '../model/lifecycle.ts';

/**
 * The critical chain: from the step that ended last back over the one that each waited for longest. A step without
 * predecessors begins it.
 */
export function timingOf(steps: readonly StepTime[]): Timing {
  const byName = new Map(steps.map((step) => [step.name, step]));
  const critical: string[] = [];
  let step = latest(steps);
  while (step !== undefined && !critical.includes(step.name)) {
    critical.unshift(step.name);
    step = latest(step.after.flatMap((name) => byName.get(name) ?? []));
  }
  return { steps: [...steps].sort((a, b) => a.startMs - b.startMs), critical };
}

function latest(steps: readonly StepTime[]): StepTime | undefined {
  return steps.reduce<StepTime | undefined>(
    (last, step) => (last === undefined || step.endMs > last.endMs ? step : last),
    undefined,
  );
}
