import type { Context } from '../context.ts';
import type { Fault, FaultOptions, InjectedFault } from '../model/chaos.ts';
import type { Stack } from '../model/stack.ts';

export interface FaultContext {
  context: Context;
  stack: Stack;
}

/**
 * One kind of fault: a file in `faults/`, and a line in `registry.ts`. What it does can be undone from what it has
 * remembered, also when it was killed half-way, and undone twice.
 */
export interface FaultKind {
  about: string;
  /** What stands before the kind in the name of a fault. */
  subjects(stack: Stack): Promise<string[]>;
  /** The options that it takes. */
  takes: readonly (keyof FaultOptions)[];
  /** Why it cannot be done to this subject here; `undefined` when it can. */
  refuses?(around: FaultContext, fault: Fault): Promise<string | undefined>;
  /** Does it. `remember` writes down what undoing needs, and must have ended before anything is changed. */
  inject(
    around: FaultContext,
    fault: Fault,
    remember: (memory: Record<string, unknown>) => Promise<void>,
  ): Promise<void>;
  undo(around: FaultContext, fault: InjectedFault): Promise<void>;
}

/** The parts of a stack: what can be stopped, killed, slowed. */
export async function partsOf(stack: Stack): Promise<string[]> {
  return [...stack.resources, ...stack.services].map(({ name }) => name);
}
