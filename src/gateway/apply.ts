import type { Context } from '../context.ts';
import { messageOf } from '../errors.ts';
import type { ChangeOutcome } from '../model/plan.ts';
import { carryOut } from '../reconcile/carry-out.ts';
import type { Ledger } from '../reconcile/ledger.ts';
import type { GatewayDriver } from './driver.ts';
import { isAboutTheGateway } from './errors.ts';
import type { GatewayPlan, GatewayStep } from './plan.ts';
import { putBack } from './rollback.ts';
import { WITHOUT_LABELS } from './stamp.ts';
import { nameOf } from './state.ts';

export interface ApplyOptions {
  /** Called as each change ends. */
  onProgress?: (outcome: ChangeOutcome) => void;
  /** How many requests are in flight at most. */
  concurrency?: number;
  /** All or nothing: when a change fails, what was done before it is put back, and that is proven. */
  atomic?: boolean;
}

export const CONCURRENCY = 32;

/** The gateway that a plan is carried out at. */
export interface Target {
  driver: GatewayDriver;
  /** The same gateway by a driver that an interruption does not stop: for putting back. */
  undeterred(): GatewayDriver;
  ledger: Ledger;
}

/**
 * Carries out the plan: one outcome for each of its changes. A refused change stops only what refers to it; a
 * gateway that is gone, or that does not take our key any more, stops the rest.
 */
export async function applyPlan(
  context: Pick<Context, 'interrupted' | 'clock'>,
  gateway: Target,
  plan: GatewayPlan,
  { onProgress, concurrency = CONCURRENCY, atomic = false }: ApplyOptions = {},
): Promise<ChangeOutcome[]> {
  const { driver, ledger } = gateway;
  if (atomic) {
    const obstacle = whatCannotBePutBack(plan);
    if (obstacle !== undefined) return plan.steps.map(({ change }) => ({ change, ...obstacle(change.name) }));
  }
  const { clock, interrupted } = context;
  const kinds = new Map(plan.steps.map(({ id, target }) => [id, target.kind]));
  const doneAt = new Map<string, number>();
  const performSettled = async (step: GatewayStep) => {
    // What is in use must not meet the new before it has arrived; a route that is new altogether is not in use.
    const inUse = step.change.action !== 'create' || step.target.served === true;
    if (inUse && driver.settleMs !== undefined) {
      const others = step.needs.filter((id) => kinds.get(id) !== step.target.kind);
      const since = Math.max(0, ...others.map((id) => doneAt.get(id) ?? 0));
      const left = since === 0 ? 0 : since + driver.settleMs() - clock.monotonic();
      if (left > 0) await clock.sleep(left, interrupted);
    }
    await perform(driver, ledger, step);
    doneAt.set(step.id, clock.monotonic());
  };
  const outcomes = await carryOut(plan.steps, performSettled, {
    concurrency,
    signal: interrupted,
    // All or nothing: after the first failure every further change would only have to be put back.
    isFinal: atomic ? () => true : isAboutTheGateway,
    // A gateway that takes all in one piece has nothing to tell before it has.
    ...(onProgress && !driver.commit ? { onOutcome: onProgress } : {}),
  });
  const settled = driver.commit ? await committed(driver, plan, outcomes, atomic) : outcomes;
  if (driver.commit) for (const outcome of settled) onProgress?.(outcome);
  if (!atomic || driver.commit || settled.every(({ status }) => status === 'done')) return settled;
  return putBack(gateway, plan, settled, { ...(onProgress ? { onProgress } : {}) });
}

async function perform(driver: GatewayDriver, ledger: Ledger, step: GatewayStep): Promise<void> {
  const { kind, id, object } = step.target;
  const name = nameOf(step.target);
  if (object === undefined) {
    await driver.delete(kind, id);
    if (WITHOUT_LABELS.has(kind)) await ledger.remove(name);
    return;
  }
  if (WITHOUT_LABELS.has(kind)) await ledger.add(name);
  await driver.put(kind, id, object);
}

/** Writes what was collected, and tells what of it was left out. With `atomic` nothing is written then. */
async function committed(
  driver: GatewayDriver,
  plan: GatewayPlan,
  outcomes: ChangeOutcome[],
  atomic: boolean,
): Promise<ChangeOutcome[]> {
  const failed = outcomes.some(({ status }) => status !== 'done');
  if (failed && atomic) {
    return outcomes.map((outcome) =>
      outcome.status === 'done' ? { ...outcome, status: 'skipped', reason: 'all or nothing' } : outcome,
    );
  }
  let refused: Map<string, string>;
  try {
    refused = (await driver.commit?.(atomic)) ?? new Map();
  } catch (error) {
    const reason = messageOf(error);
    return outcomes.map((outcome) =>
      outcome.status === 'done' ? { ...outcome, status: 'failed', reason } : outcome,
    );
  }
  return outcomes.map((outcome, index) => {
    const target = plan.steps[index]?.target;
    const reason = target === undefined ? undefined : refused.get(nameOf(target));
    if (reason !== undefined) return { ...outcome, status: 'failed', reason };
    const held = atomic && refused.size > 0 && outcome.status === 'done';
    return held ? { ...outcome, status: 'skipped', reason: 'all or nothing' } : outcome;
  });
}

/** A certificate's key is never given back by the gateway: what replaced it could not be undone. */
function whatCannotBePutBack(
  plan: GatewayPlan,
): ((name: string) => Pick<ChangeOutcome, 'status' | 'reason'>) | undefined {
  const step = plan.steps.find(
    ({ target, change }) =>
      change.blocked !== undefined || (target.kind === 'ssl' && change.action !== 'create'),
  );
  if (step === undefined) return undefined;
  const { change } = step;
  const reason =
    change.blocked ??
    'the gateway does not give its old key, so it could not be put back: sync it without --atomic';
  return (name) =>
    name === change.name
      ? { status: 'failed', reason }
      : { status: 'skipped', reason: `all or nothing: ${change.kind} ${change.name} cannot be done` };
}
