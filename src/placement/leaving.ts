import { portsOfInstance } from '../config/service-address.ts';
import type { InfrastructurePlan } from '../model/placement.ts';
import type { Stack } from '../model/stack.ts';
import { containedParts } from '../runtimes/containers/contained-parts.ts';
import type { ContainerStatus } from '../runtimes/containers/containers.ts';
import type { ProcessStatus } from '../runtimes/processes/protocol.ts';
import { instancesOf } from '../services/service.ts';

/** Whether the supervisor runs it, or is about to run it again: its ports are ours. */
export function isSupervised({ state, pid }: ProcessStatus): boolean {
  return pid !== undefined || state === 'restarting' || state === 'starting';
}

/**
 * The processes of an earlier `up` that must end before this one: what is declared no longer, what somebody else is to
 * run now, and what is to listen on other ports. `present` is what the earlier one had decided.
 */
export function leavingProcesses(
  stack: Stack,
  plan: InfrastructurePlan,
  processes: readonly ProcessStatus[],
  before: InfrastructurePlan | undefined,
): ProcessStatus[] {
  const providerIn = (decided: InfrastructurePlan | undefined, name: string) =>
    decided?.choices.find(({ resource }) => resource === name)?.provider;
  const asProcess = new Set(
    plan.services.filter(({ runs }) => runs === 'process').map(({ service }) => service),
  );
  const declared = new Map<string, number[]>([
    ...stack.resources
      .filter(({ name }) => {
        const provider = providerIn(plan, name);
        return (
          (provider === 'native' || provider === 'embedded') &&
          provider === (providerIn(before, name) === 'native' ? 'native' : 'embedded')
        );
      })
      .map(({ name, ports }): [string, number[]] => [name, Object.values(ports)]),
    ...stack.services
      .filter(({ name }) => asProcess.has(name))
      .flatMap(instancesOf)
      .map((instance): [string, number[]] => [instance.name, portsOfInstance(instance)]),
  ]);
  return processes.filter((process) => {
    if (!isSupervised(process)) return false;
    // A companion comes and goes with its resource; its ports are its own affair.
    if (process.partOf !== undefined) return !declared.has(process.partOf);
    const ports = declared.get(process.name);
    return ports === undefined || [...ports].sort().join() !== [...process.ports].sort().join();
  });
}

/** The services of the compose file whose containers must end: they are declared no longer, or run elsewhere now. */
export function leavingContainers(
  plan: InfrastructurePlan,
  containers: readonly ContainerStatus[],
): string[] {
  const staying = [...containedParts(plan)];
  // A companion is named after its resource: `gateway-etcd`.
  const stays = (service: string) =>
    staying.some((name) => service === name || service.startsWith(`${name}-`));
  return [
    ...new Set(
      containers
        .filter(({ service, state }) => state !== 'exited' && !stays(service))
        .map(({ service }) => service),
    ),
  ];
}
