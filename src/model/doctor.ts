import type { Strategy } from './resource.ts';

/** What a check of this machine found. A `fail` keeps `qbtc up` from working; a `warning` costs something, or may. */
export interface MachineFinding {
  status: 'pass' | 'warning' | 'fail';
  found: string;
  /** The exact command, or what to change; `null` when nothing is to be done. */
  fix: string | null;
}

/** What a machine has and lacks for running a stack. */
export interface Diagnosis {
  /** In the order in which they are told. */
  checks: ({ name: string } & MachineFinding)[];
  /** What `up` would choose; `null` when it would not start. */
  strategy: Strategy | null;
}
