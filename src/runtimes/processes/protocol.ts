import type { StopSignal } from '../../model/stack.ts';
import type { ReadyCheck } from './ready-check.ts';

/** What the supervisor needs to know to run a process. Never stored: `env` holds secrets. */
export interface ProcessSpec {
  name: string;
  /** The resource that cannot do without this process, which is none of its own: `broker` for its `broker-epmd`. */
  partOf?: string;
  program: string;
  args: string[];
  cwd: string;
  /** The whole environment of the process; nothing is inherited. */
  env: Record<string, string>;
  /** The account to run as, where that is not ours. */
  uid?: number;
  gid?: number;
  stopSignal: StopSignal;
  /** Whether its children are asked to end as well; PostgreSQL sees to its own. */
  stopsGroup: boolean;
  /** How long it may take to end before it is killed. */
  stopTimeoutMs: number;
  /** Absolute; stdout and stderr are appended to it. */
  logFile: string;
  /** Names of processes that must outlive this one. */
  dependsOn: string[];
  ports: number[];
  /** How the supervisor tells, after a restart, that it is ready again; ready when it runs, where left out. */
  readyCheck?: ReadyCheck;
  /** A digest of everything that a running process cannot change: when it differs, `up` restarts the process. */
  fingerprint: string;
}

/** What the supervisor knows of a process; this is what `.qbtc/state.json` holds. */
export interface ProcessStatus {
  name: string;
  partOf?: string;
  pid: number | undefined;
  /** Tells a reused pid apart. */
  startTime: string | undefined;
  state: 'starting' | 'running' | 'stopping' | 'restarting' | 'exited' | 'quarantined';
  /** Why it is in this state, for people: `exited with code 1`. */
  reason: string;
  /** It has ended because it was asked to. */
  wasStopped?: true;
  /** Crashes that were answered with a start, within the last minutes. */
  restarts: number;
  /** True once `keep` was asked for: a crash is answered with a restart. */
  kept: boolean;
  ports: number[];
  dependsOn: string[];
  stopSignal: StopSignal;
  stopsGroup: boolean;
  stopTimeoutMs: number;
  fingerprint: string;
  /** The byte of its log at which this start of it begins. */
  logFrom?: number;
}

export type SupervisorRequest =
  | { do: 'ensure'; spec: ProcessSpec }
  | { do: 'keep'; name: string }
  | { do: 'stop'; name: string }
  | { do: 'list' }
  | { do: 'shutdown' };

/** One line of JSON each way. Events carry the id of the request that caused them. */
export type SupervisorReply =
  /** `closing`: it ends what it runs, and then itself; nothing can be started any more. */
  | { id: number; ok: true; processes: ProcessStatus[]; closing?: true }
  | { id: number; ok: false; error: string; closing?: true }
  | { id: number; event: 'stopped'; name: string };

export interface SupervisorState {
  /** The stack whose it is, where it stood when the supervisor began. */
  root?: string;
  supervisor: { pid: number; startTime: string | undefined; socket: string };
  processes: ProcessStatus[];
}
