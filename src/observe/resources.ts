import { stillLives } from '../alive.ts';
import type { Context } from '../context.ts';
import { messageOf } from '../errors.ts';
import { holders, type RunAs } from '../health/index.ts';
import type { ResourceObservation } from '../model/observation.ts';
import type { ProviderName, Resource, Strategy } from '../model/resource.ts';
import type { Stack } from '../model/stack.ts';
import { nameStrategy } from '../placement/strategy.ts';
import { fallbackName } from '../resources/apisix/fallback.ts';
import { KINDS } from '../resources/index.ts';
import type { ProbeResult } from '../resources/probe.ts';
import type { ContainerStatus } from '../runtimes/containers/containers.ts';
import { containedParts, openContainers } from '../runtimes/containers/index.ts';
import { type ProcessStatus, STOPPED } from '../runtimes/processes/protocol.ts';
import { readRunning } from '../runtimes/processes/running-state.ts';
import { instancesByHand } from '../services/by-hand.ts';
import { companionsOf } from '../services/running.ts';
import { type Instance, instancesOf, probeService } from '../services/service.ts';
import { readChoices } from '../state/choices.ts';
import { type Hold, readHolds } from '../state/holds.ts';

/**
 * How long a part may take to answer before it is called unhealthy. What is away refuses at once; what takes its time
 * is on a busy machine, and heal would restart it.
 */
export const PATIENCE_MS = 15_000;
/** How a container ends that was asked to: by itself, by SIGKILL, by SIGTERM. */
const STOPPED_CODES: ReadonlySet<number> = new Set([0, 137, 143]);

export interface ObserveResourcesOptions {
  /** Less than the usual patience, for those who measure how long a part was silent. */
  patienceMs?: number | undefined;
}

export interface InfrastructureObservation {
  strategy: Strategy;
  supervisor: { pid: number } | undefined;
  resources: ResourceObservation[];
}

/**
 * Every declared resource and service as it is now: what runs, and whether it answers its protocol with its
 * credentials. Read from outside; it works without a supervisor, and after one was killed. Where the stack runs in
 * Docker and the engine does not answer, that is the reason of what it should run.
 */
export async function observeResources(
  context: Context,
  stack: Stack,
  { patienceMs = PATIENCE_MS }: ObserveResourcesOptions = {},
): Promise<InfrastructureObservation> {
  const [state, plan, holds, hands] = await Promise.all([
    readRunning(context.host, stack.root),
    readChoices(stack.root),
    readHolds(stack.root),
    instancesByHand(context, stack),
  ]);
  const byHand = new Map(hands.map(({ instance, pid }) => [instance, pid]));
  const supervisor = state?.supervisor;
  const alive = supervisor !== undefined && (await stillLives(context.host, supervisor));
  const processes = new Map(state?.processes.map((status) => [status.name, status]));
  const chosen = new Map(plan?.choices.map(({ resource, provider }) => [resource, provider]));
  const contained = containedParts(plan);
  const containers = contained.size > 0 ? await containersOf(context, stack.root) : [];

  const holderOf = holders(context.host);
  const resources = await Promise.all([
    ...stack.resources.map((resource) => {
      const decided = chosen.get(resource.name) ?? resource.provider ?? 'embedded';
      return observeResource(
        context,
        patienceMs,
        resource,
        decided,
        runtimeOf(resource.name, decided, processes, containers),
      );
    }),
    ...stack.services
      .flatMap(instancesOf)
      .map((instance) =>
        contained.has(instance.service.name)
          ? observeInstance(
              context,
              patienceMs,
              holderOf,
              instance,
              'docker',
              containerOf(containers, instance.service.name, instance.port),
            )
          : byHand.has(instance.name)
            ? observeByHand(context, patienceMs, holderOf, instance, byHand.get(instance.name))
            : observeInstance(
                context,
                patienceMs,
                holderOf,
                instance,
                'process',
                processRuntime(processes.get(instance.name)),
                companionsOf([...processes.values()], instance),
              ),
      ),
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
  processes: ReadonlyMap<string, ProcessStatus>,
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

/** What runs a resource or service of ours, whatever kind of runtime it is. `undefined`: nothing was started. */
interface Runtime {
  pid: number | undefined;
  /** Whether it is there: then it should answer. */
  lives: boolean;
  /** Set where it does not live, or not yet: what `status` says. */
  state?: ResourceObservation['state'];
  reason: string;
  restarts: number;
  /** Whether it has been ready before: then not answering is not starting. */
  wasReady: boolean;
  /** The engine that would tell does not answer. */
  engineAway?: boolean;
}

async function containersOf(
  context: Context,
  root: string,
): Promise<ContainerStatus[] | { unreachable: string }> {
  try {
    return await openContainers(context, root).list();
  } catch (error) {
    return { unreachable: messageOf(error) };
  }
}

function runtimeOf(
  name: string,
  decided: ProviderName,
  processes: ReadonlyMap<string, ProcessStatus>,
  containers: ContainerStatus[] | { unreachable: string },
): Runtime | undefined {
  if (decided === 'external') return undefined;
  return decided === 'docker' ? containerOf(containers, name) : processRuntime(processes.get(name));
}

function containerOf(
  containers: ContainerStatus[] | { unreachable: string },
  service: string,
  port?: number,
): Runtime | undefined {
  if (!Array.isArray(containers)) {
    return {
      pid: undefined,
      lives: false,
      state: 'crashed',
      reason: containers.unreachable,
      engineAway: true,
      restarts: 0,
      wasReady: true,
    };
  }
  const found = containers.filter((container) => container.service === service);
  const container = found.find(({ ports }) => port !== undefined && ports.includes(port)) ?? found[0];
  if (container === undefined) return undefined;
  const { pid, state, exitCode, failed, reason, restarts, health } = container;
  const common = { pid, reason, restarts, wasReady: health !== 'starting' };
  if (state === 'running') return { ...common, lives: true };
  const stopped = !failed && exitCode !== undefined && STOPPED_CODES.has(exitCode);
  return {
    ...common,
    lives: false,
    state: state === 'restarting' || state === 'created' ? 'starting' : stopped ? 'stopped' : 'crashed',
  };
}

function processRuntime(process: ProcessStatus | undefined): Runtime | undefined {
  if (process === undefined) return undefined;
  const { pid, state, reason, restarts, kept } = process;
  const common = { pid, reason, restarts, wasReady: kept };
  switch (state) {
    case 'restarting':
    case 'starting':
      return { ...common, lives: false, state: 'starting' };
    case 'quarantined':
      return { ...common, lives: false, state: 'crashed' };
    case 'exited':
      return { ...common, lives: false, state: reason === STOPPED ? 'stopped' : 'crashed' };
    default:
      return pid === undefined
        ? { ...common, lives: false, state: 'crashed', reason: 'its process is gone' }
        : { ...common, lives: true };
  }
}

async function observeResource(
  context: Context,
  patienceMs: number,
  resource: Resource,
  provider: ProviderName,
  runtime: Runtime | undefined,
): Promise<ResourceObservation> {
  const result = await KINDS[resource.kind].probe(context, resource.endpoint, patienceMs);
  const ports = provider === 'external' ? [resource.endpoint.port] : Object.values(resource.ports);
  return {
    name: resource.name,
    kind: resource.kind,
    provider,
    ports,
    ...judge(result, runtime, provider === 'external'),
  };
}

async function observeInstance(
  context: Context,
  patienceMs: number,
  holderOf: ReturnType<typeof holders>,
  instance: Instance,
  provider: 'process' | 'docker',
  runtime: Runtime | undefined,
  companions: readonly number[] = [],
): Promise<ResourceObservation> {
  const asProcess = provider === 'docker' ? 'container' : { pid: runtime?.pid, companions };
  const runs: RunAs = runtime?.lives === true ? asProcess : undefined;
  const result = await probeService(context, instance, { runs, timeoutMs: patienceMs, holderOf });
  return {
    name: instance.name,
    kind: 'service',
    provider,
    ports: [instance.port],
    ...judge(result, runtime, false),
  };
}

/** What its user runs is not ours to start or to end: it counts as adopted. */
async function observeByHand(
  context: Context,
  patienceMs: number,
  holderOf: ReturnType<typeof holders>,
  instance: Instance,
  pid: number | undefined,
): Promise<ResourceObservation> {
  const runs = { pid };
  const result = await probeService(context, instance, { runs, timeoutMs: patienceMs, holderOf });
  const judged = judge(result, undefined, true);
  const reason = ['run by hand', judged.reason].filter((each) => each !== '').join('; ');
  return {
    name: instance.name,
    kind: 'service',
    provider: 'external',
    ports: [instance.port],
    ...judged,
    reason,
    pid,
  };
}

/** State and reason from what was found on the wire and what is known of the process or container. */
function judge(
  result: ProbeResult,
  runtime: Runtime | undefined,
  isExternal: boolean,
): Pick<ResourceObservation, 'state' | 'reason' | 'problem' | 'engineAway' | 'pid' | 'health' | 'restarts'> {
  const pid = runtime?.pid;
  const restarts = runtime?.restarts ?? 0;
  if (result.ready) {
    const health = { measured: true as const, value: result.found };
    // Something answers in the place of a process of ours that has gone: that is not our resource.
    if (runtime?.lives !== true && !isExternal)
      return { state: 'unhealthy', reason: 'answers, but qbtc does not run it', pid, health, restarts };
    return { state: 'active', reason: '', pid, health, restarts };
  }
  const health = { measured: false as const, reason: result.reason };
  if (isExternal) return { state: 'unhealthy', reason: result.reason, pid, health, restarts };
  if (runtime === undefined) return { state: 'stopped', reason: 'was not started', pid, health, restarts };
  if (runtime.state !== undefined)
    return {
      ...(runtime.engineAway === true ? { engineAway: true } : {}),
      ...{ state: runtime.state, reason: runtime.reason, pid, health, restarts },
    };
  const problem = result.problem === undefined ? {} : { problem: result.problem };
  const reason = runtime.reason === '' ? result.reason : `${result.reason}; ${runtime.reason}`;
  return { state: runtime.wasReady ? 'unhealthy' : 'starting', reason, ...problem, pid, health, restarts };
}
