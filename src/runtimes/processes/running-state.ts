import { livingOf } from '../../alive.ts';
import type { Host } from '../../context.ts';
import { findCarriers } from './carried.ts';
import type { SupervisorState } from './protocol.ts';
import { readState } from './state.ts';

/**
 * What a supervisor runs, or has left: by what it wrote down, and where that is gone or damaged by what the processes
 * carry. A process that is gone, or somebody else's number by now, has no pid. `undefined` when there is nothing.
 */
export async function readRunning(host: Host, root: string): Promise<SupervisorState | undefined> {
  const state = await readState(root).catch(() => undefined);
  if (state !== undefined) {
    const living = new Set(await livingOf(host, state.processes));
    const processes = state.processes.map((each) => (living.has(each) ? each : { ...each, pid: undefined }));
    return { ...state, processes };
  }
  const { supervisors, processes } = await findCarriers(host, root);
  const [supervisor] = supervisors;
  if (supervisor === undefined && processes.length === 0) return undefined;
  return { root, supervisor: { pid: 0, startTime: undefined, socket: '', ...supervisor }, processes };
}
