import { dirname } from 'node:path';
import type { KnownProcess } from '../../alive.ts';
import type { Host } from '../../context.ts';
import type { RunningProcess } from '../../model/observation.ts';
import { ownerOfData, readIdentity } from '../../state/index.ts';
import type { ProcessSpec, ProcessStatus } from './protocol.ts';

/** In the environment of each process that a supervisor starts, and of what that starts in its turn. */
export const PROCESS_VARIABLE = 'QBTC_PROCESS';
/** In the environment of a supervisor. */
export const SUPERVISOR_VARIABLE = 'QBTC_SUPERVISOR';

/** Which stack a process is of: it carries that wherever the folder of the stack goes. */
export interface Belonging {
  /** Where the stack stood when the process was started. */
  root: string;
  id?: string;
  /** The name of the stack, for people. */
  stack?: string;
}

type Carried = Belonging & {
  process?: Pick<
    ProcessSpec,
    'name' | 'partOf' | 'ports' | 'dependsOn' | 'stopSignal' | 'stopsGroup' | 'stopTimeoutMs' | 'fingerprint'
  >;
};

/** The stack at `root` as its processes carry it. */
export function belongingOf(root: string): Belonging {
  const identity = readIdentity(root);
  return {
    root,
    ...(identity === undefined ? {} : { id: identity.id }),
    ...(identity?.name === undefined ? {} : { stack: identity.name }),
  };
}

/** The value of the variable. Encoded: paths hold blanks, and `ps` of macOS puts the environment on one line. */
export function carry(belonging: Belonging, spec?: ProcessSpec): string {
  const { root, id, stack } = belonging;
  if (spec === undefined) return encoded({ root, id, stack });
  const { name, partOf, ports, dependsOn, stopSignal, stopsGroup, stopTimeoutMs, fingerprint } = spec;
  const process = { name, partOf, ports, dependsOn, stopSignal, stopsGroup, stopTimeoutMs, fingerprint };
  return encoded({ root, id, stack, process });
}

const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

function decoded(text: string): Carried | undefined {
  try {
    const value = JSON.parse(Buffer.from(text, 'base64url').toString('utf8')) as Carried;
    return typeof value?.root === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}

/** What of a stack lives, by what it carries. */
export interface Living {
  supervisors: KnownProcess[];
  processes: ProcessStatus[];
}

/**
 * Looks through the processes of this machine for those of the stack at `root`: what neither a supervisor nor a file
 * tells of any more (the folder was moved, or `.qbtc` was removed, emptied or damaged). Nothing where the system does
 * not show the environment of processes.
 */
export async function findCarriers(host: Host, root: string): Promise<Living> {
  const [supervisors, processes] = await Promise.all([
    carriedIn(host, SUPERVISOR_VARIABLE),
    carriedIn(host, PROCESS_VARIABLE),
  ]);
  if (supervisors.size === 0 && processes.size === 0) return { supervisors: [], processes: [] };
  const running = new Map((await host.processes()).map((each) => [each.pid, each]));
  const ours = (carried: Carried, pid: number) => belongs(carried, running.get(pid)?.cwd, root);
  const living: Living = { supervisors: [], processes: [] };
  for (const [pid, carried] of supervisors) {
    const startTime = await host.processStartTime(pid);
    if (startTime !== undefined && ours(carried, pid)) living.supervisors.push({ pid, startTime });
  }
  const carriers = new Map([...processes].filter(([pid, carried]) => ours(carried, pid)));
  const isChild = ({ parent }: RunningProcess) => parent !== undefined && carriers.has(parent);
  for (const process of running.values()) {
    const { pid } = process;
    const carried = carriers.get(pid)?.process;
    // What a process of ours has started is its own to end.
    if (carried === undefined || isChild(process)) continue;
    living.processes.push(await statusOf(host, pid, carried));
  }
  for (const process of running.values()) {
    const name = keeperOf(process, root);
    if (name === undefined || carriers.has(process.pid) || isChild(process)) continue;
    const stopSignal = process.program === 'postgres' ? 'SIGINT' : 'SIGTERM';
    living.processes.push(await statusOf(host, process.pid, { ...UNTOLD, name, stopSignal }));
  }
  return living;
}

const UNTOLD = {
  ports: [] as number[],
  dependsOn: [] as string[],
  stopsGroup: false,
  stopTimeoutMs: 15_000,
  fingerprint: '',
};

/** Servers that write over their own environment when they set their title. */
const SETS_TITLE = /^(redis-server|valkey-server|postgres)$/;

/** Such a server is told by the folder of the stack's data that it works in: answers with the name of that. */
function keeperOf({ cwd, program }: RunningProcess, root: string): string | undefined {
  if (!SETS_TITLE.test(program)) return undefined;
  const owner = ownerOfData(placeIn(cwd) ?? '');
  return owner?.root === root ? owner.resource : undefined;
}

/** Linux marks a folder that is gone. */
const placeIn = (cwd: string | undefined) => cwd?.replace(/ \(deleted\)$/, '');

/**
 * The same stack: by its identity, or by its place where that identity was lost. A stack that stood there and was moved
 * elsewhere with its identity is another one.
 */
function belongs({ root: carriedRoot, id }: Carried, cwd: string | undefined, root: string): boolean {
  if (id !== undefined && readIdentity(root)?.id === id) {
    // Where it was started it stands still, with its identity: the stack at `root` is a copy.
    return carriedRoot === root || readIdentity(carriedRoot)?.id !== id;
  }
  if (carriedRoot !== root) return false;
  for (let folder = placeIn(cwd) ?? root; folder !== dirname(folder); folder = dirname(folder)) {
    if (folder !== root && id !== undefined && readIdentity(folder)?.id === id) return false;
  }
  return true;
}

async function statusOf(
  host: Host,
  pid: number,
  carried: Omit<NonNullable<Carried['process']>, 'partOf'> & { partOf?: string },
): Promise<ProcessStatus> {
  return {
    ...carried,
    pid,
    startTime: await host.processStartTime(pid),
    state: 'running',
    reason: '',
    restarts: 0,
    kept: true,
  };
}

/** The stack and the part of it that a process is of, also of another stack; by pid. */
export async function carriersOfAnyStack(
  host: Pick<Host, 'processVariable'>,
): Promise<Map<number, Belonging & { part?: string }>> {
  const found = [...(await carriedIn(host, PROCESS_VARIABLE))].map(([pid, { process, ...belonging }]) => {
    return [pid, { ...belonging, ...(process === undefined ? {} : { part: process.name }) }] as const;
  });
  return new Map(found);
}

/** The stack of each supervisor of this machine; by pid. */
export function supervisorsOfAnyStack(
  host: Pick<Host, 'processVariable'>,
): Promise<ReadonlyMap<number, Belonging>> {
  return carriedIn(host, SUPERVISOR_VARIABLE);
}

async function carriedIn(
  host: Pick<Host, 'processVariable'>,
  variable: string,
): Promise<Map<number, Carried>> {
  return new Map(
    [...(await host.processVariable(variable))].flatMap(([pid, text]) => {
      const carried = decoded(text);
      return carried === undefined ? [] : [[pid, carried] as const];
    }),
  );
}
