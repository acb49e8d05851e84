import type { Context } from '../context.ts';
import type { ChangeOutcome } from '../model/plan.ts';
import { carryOut } from '../reconcile/carry-out.ts';
import type { GatewayDriver } from './driver.ts';
import { isAboutTheGateway } from './errors.ts';
import type { GatewayPlan } from './plan.ts';

export interface ApplyOptions {
  /** Called as each change ends. */
  onProgress?: (outcome: ChangeOutcome) => void;
  /** How many requests are in flight at most. */
  concurrency?: number;
}

const CONCURRENCY = 32;

/**
 * Carries out the plan: one outcome for each of its changes. A refused change stops only what refers to it; a
 * gateway that is gone, or that does not take our key any more, stops the rest.
 */
export function applyPlan(
  context: Pick<Context, 'interrupted'>,
  driver: GatewayDriver,
  plan: GatewayPlan,
  { onProgress, concurrency = CONCURRENCY }: ApplyOptions = {},
): Promise<ChangeOutcome[]> {
  return carryOut(
    plan.steps,
    ({ target: { kind, id, object } }) => (object ? driver.put(kind, id, object) : driver.delete(kind, id)),
    {
      concurrency,
      signal: context.interrupted,
      isFinal: isAboutTheGateway,
      ...(onProgress ? { onOutcome: onProgress } : {}),
    },
  );
}
