import type { Context } from '../context.ts';
import type { Problem, ProblemKind } from '../model/heal.ts';
import type { Stack } from '../model/stack.ts';
import { resourceOfKind } from '../resources/facts.ts';
import type { World } from './world.ts';

/** What a remedy may use. */
export interface RemedyContext {
  context: Context;
  stack: Stack;
  world: World;
  /** How long each part may take until it is ready. */
  timeoutMs: number;
}

/**
 * One remedy: a file in `remedies/`, and a line in `registry.ts`. It may be begun again after it was killed at any
 * point: what it has done already it finds done.
 */
export interface Remedy {
  /** The problems that it can mend. */
  mends: readonly ProblemKind[];
  /** What it costs while it is made. */
  cost: string;
  /** Why it is nothing for this problem here; the next remedy is asked then. `undefined` when it is. */
  unfit?(problem: Problem, world: World, stack: Stack): string | undefined;
  /** The same by hand. */
  command(problem: Problem, stack: Stack): string;
  /** How often it is tried before it is given up; what `qbtc.yaml` says when left out. */
  attempts?(problem: Problem, stack: Stack): number | undefined;
  /** Carries it out, and says what it did. Rejects with the reason when it could not. */
  apply(around: RemedyContext, problem: Problem): Promise<string>;
}

/** Whether the subject is the gateway, which the embedded one can stand in for: no use in trying long. */
export function isGateway({ subject }: Problem, stack: Stack): boolean {
  return resourceOfKind(stack, 'apisix', subject) !== undefined;
}
