import type { HealResult } from './heal.ts';

/** What can be done to a stack on purpose. */
export const FAULT_KIND_NAMES = [
  'down',
  'kill',
  'pause',
  'slow',
  'cut',
  'flood',
  'expire',
  'corrupt',
] as const;
export type FaultKindName = (typeof FAULT_KIND_NAMES)[number];

/** slow, where nothing is said of latency. */
export const SLOW_LATENCY_MS = 200;
/** flood: how many messages. */
export const FLOOD_MESSAGES = { min: 1, max: 100_000, default: 1_000 };

/** How hard it blows; each kind takes some of these. */
export interface FaultOptions {
  /** slow: milliseconds added to each piece of data, and up to so much more or less. */
  latencyMs?: number;
  jitterMs?: number;
  /** slow: the most that one connection carries a second. */
  bytesPerSecond?: number;
  /** slow: the share of pieces that are lost once, and of those that are answered by a reset, 0 to 1. */
  loss?: number;
  reset?: number;
  /** flood: how many messages. */
  count?: number;
  /** expire: the keys, as Redis' patterns go. */
  key?: string;
  /** down, kill, pause: left out, whoever supervises may bring the part back; with it nothing does until it is undone. */
  held?: boolean;
}

export interface Fault {
  /** `broker-down`: the subject and the kind. */
  name: string;
  kind: FaultKindName;
  subject: string;
  options: FaultOptions;
}

/** A fault as the journal has it, `.qbtc/chaos.json`, from just before it is injected until it is undone. */
export interface InjectedFault extends Fault {
  /** ISO 8601. */
  at: string;
  /** What its undoing needs to know. */
  memory: Record<string, unknown>;
}

/** When a part was not well. */
export interface Absence {
  part: string;
  /** Milliseconds since the load began. */
  fromMs: number;
  /** Left out where it had not come back at the end. */
  toMs?: number;
}

/** One request of the load. */
export interface LoadRequest {
  atMs: number;
  tookMs: number;
  /** Left out where no answer came. */
  status?: number;
  correlationId: string;
}

/** What an experiment showed. */
export interface ExperimentReport {
  stack: string;
  experiment: string;
  description: string;
  /** ISO 8601. */
  takenAt: string;
  faults: { name: string; atMs: number; endMs: number }[];
  /** The flows before and after. */
  steady: { flow: string; before: 'passed' | 'failed'; after: 'passed' | 'failed' }[];
  requests: {
    sent: number;
    /** Answered 2xx. */
    answered: number;
    /** Answered with another status, by status. */
    refused: Record<string, number>;
    /** Not answered at all: cut off or timed out. */
    cutOff: number;
    /** Answered 2xx, looked for where they should be kept, and not found. `undefined` where that is not looked at. */
    lost?: number;
    /** Of the answered ones, milliseconds. */
    p50Ms: number;
    p99Ms: number;
  };
  timeline: LoadRequest[];
  absences: Absence[];
  /** How often the parts were looked at: no absence is known more exactly. */
  everyMs: number;
  /** Milliseconds from the end of the last fault until every part and every flow was well; left out when it never was. */
  recoveredAfterMs?: number;
  /** Whether the supervisor was not enough. */
  healNeeded: boolean;
  heal?: HealResult;
  /** What speaks against the stack; empty when it passed. */
  findings: string[];
  durationMs: number;
}

/** What became of the undoing of one fault. */
export interface Undone {
  fault: string;
  status: 'done' | 'failed';
  reason?: string;
}
