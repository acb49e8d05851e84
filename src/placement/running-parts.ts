import type { Context } from '../context.ts';
import type { InfrastructurePlan } from '../model/placement.ts';
import type { ProviderName } from '../model/resource.ts';
import type { ContainerStatus } from '../runtimes/containers/containers.ts';
import { isAlive, openContainers } from '../runtimes/containers/index.ts';
import { connectSupervisor, unlessGone } from '../runtimes/processes/client.ts';
import type { ProcessStatus } from '../runtimes/processes/protocol.ts';
import { readRunning } from '../runtimes/processes/running-state.ts';
import { readChoices } from '../state/choices.ts';
import { isSupervised } from './leaving.ts';

/** What of the stack runs now, and what the last `up` had decided. */
export interface RunningParts {
  processes: readonly ProcessStatus[];
  containers: readonly ContainerStatus[];
  plan: InfrastructurePlan | undefined;
}

/** A stack that was never started. */
export const NOTHING_RUNS: RunningParts = { processes: [], containers: [], plan: undefined };

/** Looks at the stack at `root` and starts nothing for it: the processes of a supervisor that was killed are found too. */
export async function observeRunning(context: Context, root: string): Promise<RunningParts> {
  const supervisor = await connectSupervisor(root);
  try {
    const processes = await supervisor?.list().catch(unlessGone);
    return await withContainers(context, root, processes ?? (await orphans(context, root)));
  } finally {
    supervisor?.close();
  }
}

/** The containers and the last plan beside these processes. */
export async function withContainers(
  context: Context,
  root: string,
  processes: readonly ProcessStatus[],
): Promise<RunningParts> {
  const plan = await readChoices(root);
  return { processes, plan, containers: await presentContainers(context, root, plan, processes) };
}

/**
 * An engine that does not answer has no containers to go on with: the plan is made anew. Where the stack runs without
 * one, none is asked.
 */
async function presentContainers(
  context: Context,
  root: string,
  plan: InfrastructurePlan | undefined,
  processes: readonly ProcessStatus[],
): Promise<ContainerStatus[]> {
  if (plan !== undefined && plan.strategy === 'fallback' && processes.some(isSupervised)) return [];
  return await openContainers(context, root)
    .list()
    .catch(() => []);
}

async function orphans(context: Pick<Context, 'host'>, root: string): Promise<ProcessStatus[]> {
  const state = await readRunning(context.host, root);
  return (state?.processes ?? []).filter(({ pid }) => pid !== undefined);
}

/** Who runs the resource now; `undefined` when nothing of ours does. */
export function runningProvider(present: RunningParts, resource: string): ProviderName | undefined {
  if (present.containers.some((container) => container.service === resource && isAlive(container)))
    return 'docker';
  if (!present.processes.some((process) => process.name === resource && isSupervised(process)))
    return undefined;
  const decided = present.plan?.choices.find((choice) => choice.resource === resource)?.provider;
  return decided === 'native' ? 'native' : 'embedded';
}
