import type { Context } from '../context.ts';
import type { QbtcError } from '../errors.ts';
import type { MachineFinding } from '../model/doctor.ts';
import type { InfrastructurePlan } from '../model/placement.ts';
import type { Stack } from '../model/stack.ts';
import type { EngineState } from '../runtimes/containers/index.ts';

/** What the checks look at. What several of them need is asked once. */
export interface Machine {
  context: Context;
  /** The stack that the doctor was called in, or the one that `qbtc new` would make. */
  stack: Stack;
  /** False where there is no stack here, and the one above is only what a new one would be. */
  inStack: boolean;
  engine: Promise<EngineState>;
  /** What `up` would choose, or why it would not start. */
  plan: Promise<InfrastructurePlan | QbtcError>;
}

/** Looks at one thing that running a stack needs. Changes nothing, and answers within a few seconds. */
export type Check = (machine: Machine) => Promise<MachineFinding>;

export function pass(found: string): MachineFinding {
  return { status: 'pass', found, fix: null };
}

export function warning(found: string, fix: string): MachineFinding {
  return { status: 'warning', found, fix };
}

export function fail(found: string, fix: string): MachineFinding {
  return { status: 'fail', found, fix };
}
