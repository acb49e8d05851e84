import type { Stack } from '../model/stack.ts';
import { instancesOf } from './service.ts';
import type { ProcessStatus } from './supervision/protocol.ts';

/** Whether the supervisor runs it, or is about to run it again: its ports are ours. */
export function isOurs({ state, pid }: ProcessStatus): boolean {
  return pid !== undefined || state === 'restarting' || state === 'starting';
}

/**
 * The processes of an earlier `up` that must end before this one: what is declared no longer, what is somebody else's
 * to run now, and what is to listen on other ports.
 */
export function leavingProcesses(stack: Stack, processes: readonly ProcessStatus[]): ProcessStatus[] {
  const declared = new Map<string, number[]>([
    ...stack.resources
      .filter(({ provider }) => provider !== 'external')
      .map(({ name, ports }): [string, number[]] => [name, Object.values(ports)]),
    ...stack.services.flatMap(instancesOf).map(({ name, port }): [string, number[]] => [name, [port]]),
  ]);
  return processes.filter((process) => {
    if (!isOurs(process)) return false;
    // A companion comes and goes with its resource; its ports are its own affair.
    if (process.partOf !== undefined) return !declared.has(process.partOf);
    const ports = declared.get(process.name);
    return ports === undefined || [...ports].sort().join() !== [...process.ports].sort().join();
  });
}
