import { stillLives } from '../alive.ts';
import { nodesOf, portsOfInstance } from '../config/service-address.ts';
import type { Context } from '../context.ts';
import { messageOf } from '../errors.ts';
import { healthDetails, holders, type RunAs, withOneTable } from '../health/index.ts';
import type { InfrastructureObservation, ResourceObservation } from '../model/observation.ts';
import type { ProviderName, Resource } from '../model/resource.ts';
import type { Stack } from '../model/stack.ts';
import { nameStrategy } from '../placement/strategy.ts';
import { fallbackName } from '../resources/apisix/fallback.ts';
import { probeResource } from '../resources/index.ts';
import type { ProbeResult } from '../resources/probe.ts';
import { containedParts, containersAt } from '../runtimes/containers/index.ts';
import { readRunning } from '../runtimes/processes/running-state.ts';
import { processPart } from '../runtimes/processes/runtime.ts';
import type { PartStatus } from '../runtimes/runtime.ts';
import { instancesByHand } from '../services/by-hand.ts';
import { elsewhereText, listensElsewhere } from '../services/elsewhere.ts';
import { probeService } from '../services/probe.ts';
import { companionsOf } from '../services/running.ts';
import { type Instance, instancesOf } from '../services/service.ts';
import { readChoices } from '../state/choices.ts';
import { type Hold, readHolds } from '../state/holds.ts';

/**
 * How long a part may take to answer before it is called unhealthy. What is away refuses at once; what takes its time
 * is on a busy machine, and heal would restart it.
 */
export const PATIENCE_MS = 15_000;

export interface ObserveResourcesOptions {
  /** Less than the usual patience, for those who measure how long a part was silent. */
  patienceMs?: number | undefined;
}

/**
 * Every declared resource and service as it is now: what runs, and whether it answers its protocol with its
 * credentials. Read from outside; it works without a supervisor, and after one was killed. Where the stack runs in
 * Docker and the engine does not answer, that is the reason of what it should run.
 */
export async function observeResources(
  given: Context,
  stack: Stack,
  { patienceMs = PATIENCE_MS }: ObserveResourcesOptions = {},
): Promise<InfrastructureObservation> {
  const context = { ...given, host: withOneTable(given.host) };
  const [state, plan, holds, hands] = await Promise.all([
    readRunning(context.host, stack.root),
    readChoices(stack.root),
    readHolds(stack.root),
    instancesByHand(context, stack),
  ]);
  const byHand = new Map(hands.map(({ instance, pid }) => [instance, pid]));
  const supervisor = state?.supervisor;
  const alive = supervisor !== undefined && (await stillLives(context.host, supervisor));
  const processes = new Map(state?.processes.map((status) => [status.name, processPart(status)]));
  const chosen = new Map(plan?.choices.map(({ resource, provider }) => [resource, provider]));
  const contained = containedParts(plan);
  const containers = contained.size > 0 ? await containersOf(context, stack.root) : [];

  const holderOf = holders(context.host);
  const resources = await Promise.all([
    ...stack.resources.map((resource) => {
      const decided = chosen.get(resource.name) ?? resource.provider ?? 'embedded';
      const part = partOf(resource.name, decided, processes, containers);
      return observeResource({ context, stack, patienceMs, resource }, decided, part);
    }),
    ...stack.services.flatMap(instancesOf).map((instance) => {
      const { name, service, port } = instance;
      const asked: Asked = { context, stack, patienceMs, holderOf, instance };
      if (service.url !== undefined) return observeAdopted(asked);
      if (contained.has(service.name))
        return observeInstance(asked, 'docker', containerOf(containers, service.name, port));
      if (byHand.has(name)) return observeByHand(asked, byHand.get(name));
      const companions = companionsOf([...processes.values()], instance);
      return observeInstance(asked, 'process', processes.get(name), companions);
    }),
  ]);
  return {
    strategy: plan?.strategy ?? nameStrategy([], []),
    supervisor: alive ? { pid: supervisor.pid } : undefined,
    resources: resources.map((resource) => told(resource, stack, holds, processes)),
  };
}

/** What a part is like because somebody meant it so: held by a fault, or stood in for. */
function told(
  resource: ResourceObservation,
  stack: Stack,
  holds: readonly Hold[],
  processes: ReadonlyMap<string, PartStatus>,
): ResourceObservation {
  const service = stack.services.find((each) => instancesOf(each).some(({ name }) => name === resource.name));
  const held = holds.find(({ part }) => part === (service?.name ?? resource.name));
  const standsIn = processes.get(fallbackName(resource.name))?.pid !== undefined;
  if (held !== undefined) {
    const reason = [`held by the fault ${held.fault}`, resource.reason].filter(Boolean).join('; ');
    return { ...resource, held: held.fault, reason };
  }
  if (!standsIn || resource.state === 'active') return { ...resource, standsIn };
  return {
    ...resource,
    standsIn,
    reason: `${resource.name} is down; ${fallbackName(resource.name)} stands in for it`,
  };
}

/** A part of ours as its runtime tells. `undefined`: nothing was started. */
type Part = PartStatus & {
  /** The engine that would tell does not answer. */
  engineAway?: boolean;
};

async function containersOf(context: Context, root: string): Promise<PartStatus[] | { unreachable: string }> {
  try {
    return await containersAt(context, root).list();
  } catch (error) {
    return { unreachable: messageOf(error) };
  }
}

function partOf(
  name: string,
  decided: ProviderName,
  processes: ReadonlyMap<string, PartStatus>,
  containers: PartStatus[] | { unreachable: string },
): Part | undefined {
  if (decided === 'external') return undefined;
  return decided === 'docker' ? containerOf(containers, name) : processes.get(name);
}

function containerOf(
  containers: PartStatus[] | { unreachable: string },
  service: string,
  port?: number,
): Part | undefined {
  if (!Array.isArray(containers)) {
    return {
      name: service,
      ports: [],
      pid: undefined,
      lives: false,
      state: 'crashed',
      reason: containers.unreachable,
      engineAway: true,
      restarts: 0,
      wasReady: true,
    };
  }
  const found = containers.filter(({ name }) => name === service);
  return found.find(({ ports }) => port !== undefined && ports.includes(port)) ?? found[0];
}

async function observeResource(
  asked: Pick<Asked, 'context' | 'stack' | 'patienceMs'> & { resource: Resource },
  provider: ProviderName,
  part: Part | undefined,
): Promise<ResourceObservation> {
  const { context, stack, patienceMs, resource } = asked;
  const contained = provider === 'docker' ? 'container' : { pid: part?.pid };
  const runs: RunAs = provider === 'external' ? 'adopted' : part?.lives === true ? contained : undefined;
  const result = await probeResource(context, stack, resource, {
    runs,
    wasReady: part?.wasReady ?? true,
    timeoutMs: patienceMs,
  });
  const ports = provider === 'external' ? [resource.endpoint.port] : Object.values(resource.ports);
  return {
    name: resource.name,
    kind: resource.kind,
    provider,
    ports,
    ...judge(result, part, provider === 'external'),
  };
}

/** An instance of a service, and what it is asked with. */
interface Asked {
  context: Context;
  stack: Stack;
  patienceMs: number;
  holderOf: ReturnType<typeof holders>;
  instance: Instance;
}

async function observeInstance(
  asked: Asked,
  provider: 'process' | 'docker',
  part: Part | undefined,
  companions: readonly number[] = [],
): Promise<ResourceObservation> {
  const asProcess = provider === 'docker' ? 'container' : { pid: part?.pid, companions };
  const runs: RunAs = part?.lives === true ? asProcess : undefined;
  const result = await probeInstance(asked, runs, part?.wasReady ?? false);
  const judged = judge(result, part, false);
  const isSilent = !result.ready && result.problem?.kind === 'silent';
  const others = isSilent ? await listensElsewhere(asked.context, asked.instance, runs) : [];
  const reason = [judged.reason, ...(others.length === 0 ? [] : [elsewhereText(others, asked.instance)])];
  return { ...observed(asked.instance, result), provider, ...judged, reason: reason.join('; ') };
}

/** What its user runs is not ours to start or to end: it counts as adopted. */
async function observeByHand(asked: Asked, pid: number | undefined): Promise<ResourceObservation> {
  const result = await probeInstance(asked, { pid }, true);
  const judged = judge(result, undefined, true);
  const reason = ['run by hand', judged.reason].filter((each) => each !== '').join('; ');
  return { ...observed(asked.instance, result), provider: 'external', ...judged, reason, pid };
}

/** What runs already where the stack says. */
async function observeAdopted(asked: Asked): Promise<ResourceObservation> {
  const { instance } = asked;
  const result = await probeInstance(asked, 'adopted', true);
  const judged = judge(result, undefined, true);
  const reason = [`adopted at ${instance.url}`, judged.reason].filter((each) => each !== '').join('; ');
  return { ...observed(instance, result), provider: 'external', ...judged, reason };
}

function probeInstance(
  { context, stack, patienceMs, holderOf, instance }: Asked,
  runs: RunAs,
  wasReady: boolean,
): Promise<ProbeResult> {
  return probeService(context, stack, instance, { runs, wasReady, timeoutMs: patienceMs, holderOf });
}

function observed(
  instance: Instance,
  result: ProbeResult,
): Pick<ResourceObservation, 'name' | 'kind' | 'ports' | 'details'> {
  const { name, service } = instance;
  const ports =
    service.url === undefined ? portsOfInstance(instance) : nodesOf(service).map(({ port }) => port);
  const isDocument = service.health.kind === 'http' && result.ready;
  const details = isDocument ? healthDetails(result.found).details : [];
  return { name, kind: 'service', ports, ...(details.length === 0 ? {} : { details }) };
}

/** State and reason from what was found on the wire and what is known of the process or container. */
function judge(
  result: ProbeResult,
  part: Part | undefined,
  isExternal: boolean,
): Pick<ResourceObservation, 'state' | 'reason' | 'problem' | 'engineAway' | 'pid' | 'health' | 'restarts'> {
  const pid = part?.pid;
  const restarts = part?.restarts ?? 0;
  if (result.ready) {
    const health = { measured: true as const, value: result.found };
    // Something answers in the place of a process of ours that has gone: that is not our resource.
    if (part?.lives !== true && !isExternal)
      return { state: 'unhealthy', reason: 'answers, but qbtc does not run it', pid, health, restarts };
    return { state: 'active', reason: '', pid, health, restarts };
  }
  const health = { measured: false as const, reason: result.reason };
  if (isExternal) return { state: 'unhealthy', reason: result.reason, pid, health, restarts };
  if (part === undefined) return { state: 'stopped', reason: 'was not started', pid, health, restarts };
  if (part.state !== undefined)
    return {
      ...(part.engineAway === true ? { engineAway: true } : {}),
      ...{ state: part.state, reason: part.reason, pid, health, restarts },
    };
  const problem = result.problem === undefined ? {} : { problem: result.problem };
  const reason = part.reason === '' ? result.reason : `${result.reason}; ${part.reason}`;
  return { state: part.wasReady ? 'unhealthy' : 'starting', reason, ...problem, pid, health, restarts };
}
