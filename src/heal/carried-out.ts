import type { Measured } from '../model/measured.ts';
import type { Change, ChangeOutcome } from '../model/plan.ts';

/**
 * What became of a plan, in a line.
 *
 * @throws Error with the first change that failed; what is blocked fails by design and is left to a person
 */
export function told(outcomes: readonly ChangeOutcome[]): string {
  const failed = outcomes.find(({ status, change }) => status === 'failed' && change.blocked === undefined);
  if (failed !== undefined) throw new Error(`${failed.change.kind} ${failed.change.name}: ${failed.reason}`);
  const done = outcomes.filter(({ status }) => status === 'done').length;
  return `${done} of ${outcomes.length} ${outcomes.length === 1 ? 'change' : 'changes'} applied`;
}

/** What keeps every change of a plan from being carried out; `undefined` where one of them can be. */
export function onlyByHand(plan: Measured<Change[]>): string | undefined {
  const open = plan.measured ? plan.value : [];
  const [first] = open;
  if (first === undefined || open.some(({ blocked }) => blocked === undefined)) return undefined;
  return `${first.kind} ${first.name}: ${first.blocked}`;
}
