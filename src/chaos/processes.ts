import { type KnownProcess, knownProcesses, stillLives } from '../alive.ts';
import type { Context } from '../context.ts';
import { familyOf } from '../health/index.ts';
import type { Fault } from '../model/chaos.ts';
import type { ResourceObservation } from '../model/observation.ts';
import type { Stack } from '../model/stack.ts';
import { observeResources } from '../observe/resources.ts';
import { partsNamed } from '../score/index.ts';

/** What was observed of a resource, or of the instances of a service. */
export async function observedParts(
  context: Context,
  stack: Stack,
  subject: string,
): Promise<ResourceObservation[]> {
  return partsNamed(await observeResources(context, stack), stack, subject);
}

/** Why nothing can be done to the part: it is somebody else's. */
export async function refusesOthers(
  { context, stack }: { context: Context; stack: Stack },
  { subject }: Pick<Fault, 'subject'>,
): Promise<string | undefined> {
  const parts = await observedParts(context, stack, subject);
  if (parts.some(({ provider }) => provider === 'external')) return `${subject} is not run by qbtc`;
  const down = parts.find(({ state }) => state === 'stopped' || state === 'crashed');
  return down === undefined ? undefined : `${down.name} does not run`;
}

/** The processes of the part and all that they have started, parents first. */
export async function processesOf(
  { host }: Pick<Context, 'host'>,
  parts: readonly ResourceObservation[],
): Promise<KnownProcess[]> {
  const all = await host.processes();
  const pids = new Set(parts.flatMap(({ pid }) => (pid === undefined ? [] : familyOf(all, pid))));
  return knownProcesses(host, [...pids]);
}

/** Signals those that are still the same processes. */
export async function signalAll(
  { host }: Pick<Context, 'host'>,
  processes: readonly KnownProcess[],
  signal: NodeJS.Signals,
): Promise<void> {
  for (const each of processes) {
    if (!(await stillLives(host, each))) continue;
    try {
      process.kill(each.pid, signal);
    } catch {
      // It ended just now.
    }
  }
}
