import type { Context } from '../context.ts';
import type { RunAs, RunningInstance } from '../health/index.ts';
import type { Resource } from '../model/resource.ts';
import type { Stack } from '../model/stack.ts';
import { containedParts } from '../runtimes/containers/contained-parts.ts';
import type { ProcessStatus } from '../runtimes/processes/protocol.ts';
import { readRunning } from '../runtimes/processes/running-state.ts';
import { readChoices } from '../state/choices.ts';
import { instancesByHand } from './by-hand.ts';
import { type Instance, instancesOf } from './service.ts';

/**
 * Each instance of the declared services with how it runs now, by what stands in `.qbtc`: it works without a supervisor.
 * Of a container it is told only that the last `up` chose one; its engine is not asked.
 */
export async function runningInstances(
  context: Pick<Context, 'host'>,
  stack: Stack,
): Promise<RunningInstance[]> {
  const [state, plan, byHand] = await Promise.all([
    readRunning(context.host, stack.root),
    readChoices(stack.root),
    instancesByHand(context, stack),
  ]);
  const contained = containedParts(plan);
  const processes = state?.processes ?? [];
  return stack.services.flatMap(instancesOf).map(({ name, service, port }) => {
    const known = { name, service: service.name, port };
    if (service.url !== undefined) return { ...known, runs: 'adopted' as const, isReady: true };
    if (contained.has(service.name)) return { ...known, runs: 'container' as const, isReady: true };
    const hand = byHand.find(({ instance }) => instance === name);
    if (hand !== undefined) return { ...known, runs: { pid: hand.pid }, isReady: true };
    const status = processes.find((each) => each.name === name);
    if (status === undefined) return { ...known, runs: undefined, isReady: false };
    const { pid } = status;
    const companions = companionsOf(processes, { name, service });
    if (pid !== undefined) return { ...known, runs: { pid, companions }, isReady: status.kept };
    const condition = endOf(status);
    return { ...known, runs: undefined, isReady: false, ended: { condition, reason: status.reason } };
  });
}

/** How a resource runs now, told in the same way. */
export async function resourceRuns(
  context: Pick<Context, 'host'>,
  { root }: Pick<Stack, 'root'>,
  { name, provider }: Pick<Resource, 'name' | 'provider'>,
): Promise<RunAs> {
  if (provider === 'external') return 'adopted';
  if (containedParts(await readChoices(root)).has(name)) return 'container';
  const { pid } = (await readRunning(context.host, root))?.processes.find((each) => each.name === name) ?? {};
  return pid === undefined ? undefined : { pid };
}

/** How a process that does not run has ended. */
export function endOf({
  state,
  wasStopped,
}: Pick<ProcessStatus, 'state' | 'wasStopped'>): 'restarting' | 'crashed' | 'stopped' {
  if (state === 'restarting' || state === 'starting') return 'restarting';
  return state === 'exited' && wasStopped ? 'stopped' : 'crashed';
}

/** The processes that stand before an instance: the proxy of a fault holds its port for it. */
export function companionsOf(
  living: readonly Pick<ProcessStatus, 'partOf' | 'pid'>[],
  { name, service }: Pick<Instance, 'name' | 'service'>,
): number[] {
  return living.flatMap(({ partOf, pid }) =>
    pid !== undefined && (partOf === service.name || partOf === name) ? [pid] : [],
  );
}
