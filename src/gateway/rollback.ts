import { messageOf } from '../errors.ts';
import type { ChangeOutcome } from '../model/plan.ts';
import { difference } from '../reconcile/difference.ts';
import type { Target } from './apply.ts';
import { normalise } from './normalise.ts';
import type { GatewayPlan, GatewayStep } from './plan.ts';
import { WITHOUT_LABELS } from './stamp.ts';
import { credentialParts, nameOf } from './state.ts';

/**
 * Puts back what was done, the last first, as it was when the plan was made, and reads it again to prove it. A change
 * that could not be put back stays `done` and says why: the gateway is then partly changed.
 */
export async function putBack(
  { undeterred, ledger }: Target,
  plan: GatewayPlan,
  outcomes: readonly ChangeOutcome[],
  { onProgress }: { onProgress?: (outcome: ChangeOutcome) => void },
): Promise<ChangeOutcome[]> {
  const failed =
    outcomes.find(({ status }) => status === 'failed') ?? outcomes.find(({ status }) => status !== 'done');
  const because =
    failed === undefined ? 'all or nothing' : `${failed.change.kind} ${failed.change.name} ${failed.status}`;
  const driver = undeterred();
  const problems = new Map<GatewayStep, string>();
  // What failed may have been done all the same: an answer that got lost.
  const touched = plan.steps.filter((_, index) => ['done', 'failed'].includes(outcomes[index]?.status ?? ''));
  for (const step of touched.filter(({ change }) => change.blocked === undefined).reverse()) {
    const { kind, id, before } = step.target;
    try {
      if (before === undefined) {
        await driver.delete(kind, id);
        if (WITHOUT_LABELS.has(kind)) await ledger.remove(nameOf(step.target));
      } else {
        const { create_time: _, update_time: __, ...object } = before;
        await driver.put(kind, id, object);
        if (WITHOUT_LABELS.has(kind) && step.target.object === undefined)
          await ledger.add(nameOf(step.target));
      }
    } catch (error) {
      problems.set(step, messageOf(error));
    }
  }

  const users = new Set(
    touched.flatMap(({ target: { kind, id } }) =>
      kind === 'credential' ? [credentialParts(id).username] : [],
    ),
  );
  const now = await driver.observe((consumer) => users.has(String(consumer.username))).catch(() => undefined);
  return outcomes.map((outcome, index) => {
    const step = plan.steps[index];
    if (step === undefined || outcome.status !== 'done') return outcome;
    const { kind, id, before } = step.target;
    const after = now?.[kind].get(id);
    const same =
      now !== undefined &&
      (before === undefined || after === undefined
        ? before === after
        : difference(normalise(before, kind), normalise(after, kind)).length === 0);
    const problem = problems.get(step) ?? (same ? undefined : 'the gateway does not show it as it was');
    const settled: ChangeOutcome =
      problem === undefined
        ? { ...outcome, status: 'reverted', reason: `put back: ${because}` }
        : { ...outcome, reason: `could not be put back: ${problem}` };
    onProgress?.(settled);
    return settled;
  });
}
