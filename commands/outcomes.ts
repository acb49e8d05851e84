import { EXIT, type ExitCode } from '../src/errors.ts';
import type { ChangeOutcome } from '../src/model/plan.ts';

/** All done, only some of it, or nothing at all. */
export function exitOf(outcomes: readonly ChangeOutcome[]): ExitCode {
  const done = outcomes.filter(({ status }) => status === 'done').length;
  if (done === outcomes.length) return EXIT.done;
  return done === 0 ? EXIT.error : EXIT.partial;
}
