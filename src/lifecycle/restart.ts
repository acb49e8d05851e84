import type { Context } from '../context.ts';
import type { UpResult } from '../model/lifecycle.ts';
import type { Stack } from '../model/stack.ts';
import type { PlacementOptions } from '../placement/index.ts';
import { readChoices, refuseHeld } from '../state/index.ts';
import { checkBefore, refuseFaulty } from './check-before.ts';
import { select } from './selection.ts';
import { stop } from './stop.ts';
import { up } from './up.ts';

/**
 * Ends these resources and services, and starts them again in the order of their dependencies; returns when they are
 * ready. All that is not adopted when none is named. What was quarantined gets a new chance.
 */
export async function restart(
  context: Context,
  stack: Stack,
  names: readonly string[],
  timeoutMs: number,
  placement: PlacementOptions = {},
): Promise<UpResult> {
  // Before anything is ended that could not be started again.
  await refuseHeld(stack.root, names);
  const intent = { stack, selection: select(stack, names), plan: await readChoices(stack.root) };
  refuseFaulty(await checkBefore(context, { ...intent, applies: false, mayWrite: true }));
  await stop(context, stack, names);
  return up(context, stack, { apply: false, timeoutMs, placement, only: names });
}
