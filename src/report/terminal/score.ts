import type { GateFailure, Score } from '../../model/score.ts';
import type { Style } from '../document-form.ts';
import { wrap } from '../layout.ts';
import { counted, SIGN } from './view.ts';

/** The total in one line, with what it should be and what is not in it. */
export function heading(
  { stack, strategy, profile, total, max, adjusted, grade, failures, notMeasured }: Score,
  target: number,
  style: Style,
): string[] {
  const { strong, good, bad, warning, faint } = style.palette;
  const reached = adjusted >= target;
  const fails = failures.length > 0;
  const paint = reached && !fails ? good : bad;
  const missing = sum(notMeasured);
  const besides = [
    ...(missing === 0 ? [] : [warning(`${points(missing)} points not measured`)]),
    ...(adjusted === total ? [] : [faint(`${points(total)} without ignore rules`)]),
  ];
  const measure = `${reached ? 'at or above' : 'below'} the target of ${target}`;
  const won = paint(strong(`${points(adjusted)} / ${points(max)}   ${grade}`));
  return [
    `${strong(stack)}  ${strategy}  ${faint(`profile ${profile}`)}`,
    ...(fails
      ? [[won, bad(gateWords(failures))].join('   '), [faint(measure), ...besides].join('   ')]
      : [[won, paint(`${reached ? SIGN.done : SIGN.failed} ${measure}`), ...besides].join('   ')]),
    ...failures.flatMap((failure) =>
      wrap(gateText(failure), style.width - 4).map((line, index) =>
        bad(index === 0 ? `  ${SIGN.failed} ${line}` : `    ${line}`),
      ),
    ),
  ];
}

/** `✖ fails: 2 parts dead, 1 flow failed`. */
export function gateWords(failures: readonly GateFailure[]): string {
  const count = (kind: GateFailure['kind']) => failures.filter((each) => each.kind === kind).length;
  const words = [
    ...(count('dead') === 0 ? [] : [`${counted(count('dead'), 'part')} dead`]),
    ...(count('flow') === 0 ? [] : [`${counted(count('flow'), 'flow')} failed`]),
  ];
  return `${SIGN.failed} fails: ${words.join(', ')}`;
}

/** `worker is restarting: exited with code 1`. */
export function gateText({ kind, subject, state, reason }: GateFailure): string {
  const what = kind === 'flow' ? `the flow ${subject} failed` : `${subject} is ${state}`;
  return reason === '' ? what : `${what}: ${reason}`;
}

/** Two decimals, as the score counts. */
export function points(value: number): string {
  return value.toFixed(2);
}

/** With its sign: `+3.20`, `-1.00`, `±0.00`. */
export function signed(value: number): string {
  return value === 0 ? '±0.00' : `${value > 0 ? '+' : ''}${points(value)}`;
}

export function sum(checks: readonly { max: number }[]): number {
  return Math.round(checks.reduce((total, { max }) => total + max * 100, 0)) / 100;
}
