import type { Change, ChangeOutcome } from '../../model/plan.ts';
import type { Style } from '../document-form.ts';
import { wrap } from '../layout.ts';
import { SIGN } from './view.ts';

/** In the place of what is in sync. */
export const NONE_DECLARED = 'none is declared, nothing to do';

/** One outcome: what was done, or why it was not. */
export function outcomeLines(
  { change, status, reason, place }: ChangeOutcome,
  { palette, width }: Style,
): string[] {
  const name = `${change.action} ${change.kind} ${change.name}`;
  if (status === 'done') return [`  ${palette.good(`${SIGN.done} done`)}     ${name}`];
  const word = `${status === 'failed' ? SIGN.failed : SIGN.none} ${status}`.padEnd(11);
  const sign = status === 'failed' ? palette.bad(word) : palette.warning(word);
  const why =
    reason === undefined ? [] : wrap(place === undefined ? reason : `${place}: ${reason}`, width - 13);
  return [`  ${sign}${name}`, ...why.map((line) => `             ${line}`)];
}

export function leftoverLines(leftovers: Change[], { palette, width }: Style): string[] {
  if (leftovers.length === 0) return [];
  const names = leftovers.map((change) => `${change.kind} ${change.name}`).join(', ');
  const text = `no longer declared, kept without --prune: ${names}`;
  return wrap(text, width - 4).map((line, index) =>
    palette.warning(`  ${index === 0 ? SIGN.none : ' '} ${line}`),
  );
}
