import { EXIT, type ExitCode } from '../errors.ts';
import type { ChangeOutcome } from '../model/plan.ts';

/** All done, only some of it, or nothing at all. */
export function exitOf(outcomes: readonly Pick<ChangeOutcome, 'status'>[]): ExitCode {
  const done = outcomes.filter(({ status }) => status === 'done').length;
  if (done === outcomes.length) return EXIT.done;
  return done === 0 ? EXIT.error : EXIT.partial;
}

/** Whether something was found. */
export function exitFor(isFound: boolean): ExitCode {
  return isFound ? EXIT.findings : EXIT.done;
}
