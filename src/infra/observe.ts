import type { Context } from '../context.ts';
import type { ResourceObservation } from '../model/observation.ts';
import type { Resource, Strategy } from '../model/resource.ts';
import type { Stack } from '../model/stack.ts';
import { readChoices } from './choices.ts';
import type { ProbeResult } from './probe.ts';
import { probes } from './probes/index.ts';
import { type Instance, instancesOf, probeService } from './service.ts';
import { nameStrategy } from './strategy.ts';
import type { ProcessStatus } from './supervision/protocol.ts';
import { readState } from './supervision/state.ts';

const PROBE_TIMEOUT_MS = 2_000;

export interface InfrastructureObservation {
  strategy: Strategy;
  supervisor: { pid: number } | undefined;
  resources: ResourceObservation[];
}

/**
 * Every declared resource and service as it is now: what runs, and whether it answers its protocol with its
 * credentials. Read from outside; it works without a supervisor, and after one was killed.
 */
export async function observeResources(context: Context, stack: Stack): Promise<InfrastructureObservation> {
  const [state, plan] = await Promise.all([readState(stack.root), readChoices(stack.root)]);
  const supervisor = state?.supervisor;
  const alive =
    supervisor !== undefined &&
    (await context.host.processStartTime(supervisor.pid)) === supervisor.startTime &&
    supervisor.startTime !== undefined;
  const processes = new Map(
    await Promise.all((state?.processes ?? []).map((status) => verified(context, status))),
  );
  const chosen = new Map(plan?.choices.map(({ resource, provider }) => [resource, provider]));

  const resources = await Promise.all([
    ...stack.resources.map((resource) =>
      observeResource(context, resource, processes.get(resource.name), chosen.get(resource.name)),
    ),
    ...stack.services
      .flatMap(instancesOf)
      .map((instance) => observeInstance(context, instance, processes.get(instance.name))),
  ]);
  return {
    strategy: plan?.strategy ?? nameStrategy([], []),
    supervisor: alive ? { pid: supervisor.pid } : undefined,
    resources,
  };
}

/** The recorded process, without its pid when that is gone or somebody else's by now. */
async function verified(context: Context, status: ProcessStatus): Promise<[string, ProcessStatus]> {
  const same =
    status.pid !== undefined &&
    status.startTime !== undefined &&
    (await context.host.processStartTime(status.pid)) === status.startTime;
  return [status.name, same ? status : { ...status, pid: undefined }];
}

async function observeResource(
  context: Context,
  resource: Resource,
  process: ProcessStatus | undefined,
  chosen: ResourceObservation['provider'] | undefined,
): Promise<ResourceObservation> {
  const provider = process?.pid === undefined ? (resource.provider ?? chosen ?? 'embedded') : 'embedded';
  const result = await probes[resource.kind](context, resource.endpoint, PROBE_TIMEOUT_MS);
  const mine = provider === 'external' ? undefined : process;
  const ports = provider === 'external' ? [resource.endpoint.port] : Object.values(resource.ports);
  return {
    name: resource.name,
    kind: resource.kind,
    provider,
    ports,
    ...judge(result, mine, provider === 'external'),
  };
}

async function observeInstance(
  context: Context,
  instance: Instance,
  process: ProcessStatus | undefined,
): Promise<ResourceObservation> {
  const result = await probeService(context, instance, PROBE_TIMEOUT_MS);
  return {
    name: instance.name,
    kind: 'service',
    provider: 'process',
    ports: [instance.port],
    ...judge(result, process, false),
  };
}

/** State and reason from what was found on the wire and what the supervisor knows. */
function judge(
  result: ProbeResult,
  process: ProcessStatus | undefined,
  isExternal: boolean,
): Pick<ResourceObservation, 'state' | 'reason' | 'pid' | 'health'> {
  const pid = process?.pid;
  if (result.ready) {
    // Something answers in the place of a process of ours that has gone: that is not our resource.
    if (pid === undefined && !isExternal) {
      return {
        state: 'unhealthy',
        reason: 'answers, but qbtc does not run it',
        pid,
        health: { measured: true, value: result.found },
      };
    }
    return { state: 'active', reason: '', pid, health: { measured: true, value: result.found } };
  }
  const health = { measured: false as const, reason: result.reason };
  if (isExternal) return { state: 'unhealthy', reason: result.reason, pid, health };
  if (process === undefined) return { state: 'stopped', reason: 'was not started', pid, health };
  if (process.state === 'restarting' || process.state === 'starting')
    return { state: 'starting', reason: process.reason, pid, health };
  if (process.state === 'quarantined') return { state: 'crashed', reason: process.reason, pid, health };
  if (process.state === 'exited') {
    return {
      state: process.reason === 'stopped' ? 'stopped' : 'crashed',
      reason: process.reason,
      pid,
      health,
    };
  }
  if (pid === undefined) return { state: 'crashed', reason: 'its process is gone', pid, health };
  return { state: process.kept ? 'unhealthy' : 'starting', reason: result.reason, pid, health };
}
