import type { Progress } from '../context.ts';
import { EXIT, QbtcError } from '../errors.ts';
import type { ChangeOutcome } from '../model/plan.ts';

/**
 * Tells what became of the changes of one step.
 * @throws QbtcError `NOT_ALL_APPLIED` with each that failed
 */
export function tellOutcomes(progress: Progress, name: string, outcomes: readonly ChangeOutcome[]): void {
  const failed = outcomes.filter(({ status }) => status !== 'done');
  if (failed.length === 0) {
    progress.done(name, outcomes.length === 0 ? 'nothing to change' : `${changes(outcomes.length)} applied`);
    return;
  }
  const told = `${failed.length} of ${changes(outcomes.length)} failed`;
  progress.failed(name, told);
  throw new QbtcError('NOT_ALL_APPLIED', `${name}: ${told}`, {
    exit: EXIT.partial,
    details: failed.map(({ change, reason }) => `${change.kind} ${change.name}: ${reason ?? 'skipped'}`),
    hint: name === 'routes' ? 'qbtc routes sync' : name === 'topology' ? 'qbtc topology apply' : 'qbtc up',
  });
}

/** `1 change`, `2 changes`. */
function changes(count: number): string {
  return `${count} ${count === 1 ? 'change' : 'changes'}`;
}
