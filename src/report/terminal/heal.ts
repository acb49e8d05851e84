import type { HealResult, Problem, Repair, RepairOutcome } from '../../model/heal.ts';
import type { Style, View } from '../document-form.ts';
import { wrap } from '../layout.ts';
import { points } from './score.ts';
import { counted, duration, SIGN } from './view.ts';

const INDENT = 6;

/** What is wrong and what was done about it, or would be; then the proof. */
export const heal: View<HealResult> = (document, style) => {
  const { stack, before, after, planned, outcomes, left, interrupted, durationMs } = document;
  const { strong, faint, warning } = style.palette;
  const isPlan = after === undefined;
  const heading = isPlan
    ? `${strong(stack)}  ${points(before)} points, ${counted(planned.length, 'problem')}`
    : `${strong(stack)}  ${points(before)} → ${points(after)} points in ${duration(durationMs)}`;
  return [
    heading,
    ...(interrupted === undefined
      ? []
      : [warning(`an earlier heal was ended in the middle of: ${interrupted}`)]),
    ...(planned.length + outcomes.length === 0 ? [style.palette.good(`${SIGN.done} nothing to mend`)] : ['']),
    ...planned.flatMap((repair) => planLines(repair, style)),
    ...outcomes.flatMap((outcome) => outcomeLines(outcome, style)),
    ...proofLines(document, style),
    ...(isPlan && planned.length > 0 ? ['', faint('nothing was changed; qbtc heal does it')] : []),
    ...(!isPlan && left.length > 0
      ? ['', style.palette.bad(`${SIGN.failed} ${counted(left.length, 'problem')} left`)]
      : []),
  ];
};

function planLines(repair: Repair, { palette, width }: Style): string[] {
  const { remedy, cost = '', command, provenBy, points: won, blocked, problem } = repair;
  const sign = blocked === undefined ? palette.accent(SIGN.update) : palette.bad(SIGN.failed);
  const wins = won === 0 ? '' : palette.faint(`  wins ${points(won)}`);
  return [
    `  ${sign} ${palette.strong(problem.subject)}  ${remedy ?? 'no remedy'}${wins}`,
    ...about(problem, width),
    ...indented(blocked === undefined ? '' : `not done: ${blocked}`, width),
    ...indented(cost === '' ? '' : `costs: ${cost}`, width),
    ...indented(provenBy.length === 0 ? '' : `proven by: ${provenBy.join(', ')}`, width),
    ...(command === undefined ? [] : [' '.repeat(INDENT) + palette.accent(command)]),
  ];
}

const STATUS: Readonly<Record<RepairOutcome['status'], string>> = {
  helped: `${SIGN.done} helped`,
  'did-not-help': `${SIGN.failed} did not help`,
  failed: `${SIGN.failed} failed`,
  blocked: `${SIGN.none} left alone`,
  unproven: `${SIGN.none} unproven`,
};

function outcomeLines({ repair, status, said, tookMs }: RepairOutcome, { palette, width }: Style): string[] {
  const { problem, remedy } = repair;
  const paint = status === 'helped' ? palette.good : status === 'blocked' ? palette.warning : palette.bad;
  const took = status === 'blocked' ? '' : palette.faint(`  ${duration(tookMs)}`);
  return [
    `  ${paint(STATUS[status])}  ${palette.strong(problem.subject)}${remedy === undefined ? '' : `  ${remedy}`}${took}`,
    ...about(problem, width),
    ...indented(said, width),
  ];
}

export function about({ reason, victims }: Problem, width: number): string[] {
  return [
    ...indented(reason, width),
    ...indented(victims.length === 0 ? '' : `because of it: ${victims.join(', ')}`, width),
  ];
}

function indented(text: string, width: number): string[] {
  return text === '' ? [] : wrap(text, width - INDENT).map((line) => ' '.repeat(INDENT) + line);
}

function proofLines({ proof, after }: HealResult, { palette }: Style): string[] {
  if (after === undefined || proof.length === 0) return [];
  return [
    '',
    ...proof.map(({ flow, status }) =>
      status === 'passed'
        ? `  ${palette.good(SIGN.done)} ${flow} passed`
        : `  ${palette.bad(SIGN.failed)} ${flow} failed`,
    ),
  ];
}
