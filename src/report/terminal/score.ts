import type { CheckResult, ComponentScore, Score } from '../../model/score.ts';
import type { ScoreDocument } from '../document.ts';
import { padEnd, padStart, wrap } from '../layout.ts';
import { SIGN, type Style, type View } from './view.ts';

const LABEL_WIDTH = 'infrastructure'.length;
const WIDEST_BAR = 40;

/** The total, a bar for each component, and for each lost point why and what wins it back. */
export const score: View<ScoreDocument> = ({ score: result, target }, style) => {
  return [
    ...heading(result, target, style),
    '',
    ...result.components.map((component) => componentLine(component, style)),
    ...lostLines(result, style),
    ...notMeasuredLines(result, style),
  ];
};

/** The total in one line, with what it should be and what is not in it. */
export function heading(
  { stack, strategy, total, max, notMeasured }: Score,
  target: number,
  style: Style,
): string[] {
  const { strong, good, bad, warning } = style.palette;
  const reached = total >= target;
  const paint = reached ? good : bad;
  const missing = sum(notMeasured);
  return [
    `${strong(stack)}  ${strategy}`,
    [
      paint(strong(`${points(total)} / ${points(max)}`)),
      paint(`${reached ? `${SIGN.done} at or above` : `${SIGN.failed} below`} the target of ${target}`),
      ...(missing === 0 ? [] : [warning(`${points(missing)} points not measured`)]),
    ].join('   '),
  ];
}

function componentLine({ name, points: won, max }: ComponentScore, { palette, width }: Style): string {
  const room = Math.max(10, Math.min(WIDEST_BAR, width - LABEL_WIDTH - 22));
  const filled = max === 0 ? 0 : Math.floor((won / max) * room);
  const bar = `${palette.good('█'.repeat(filled))}${palette.faint('░'.repeat(room - filled))}`;
  return `  ${padEnd(name, LABEL_WIDTH)}  ${bar}  ${padStart(points(won), 6)} / ${points(max)}`;
}

/** The dearest first. */
function lostLines({ components }: Score, style: Style): string[] {
  const lost = components
    .flatMap((component) => component.checks)
    .filter((check) => check.status === 'failed')
    .sort((a, b) => b.max - a.max);
  if (lost.length === 0) return [];
  return [
    '',
    style.palette.strong('Points to win back'),
    ...lost.flatMap((check) => lostCheckLines(check, style)),
  ];
}

function lostCheckLines(
  { code, subject, max, evidence, fix }: CheckResult,
  { palette, width }: Style,
): string[] {
  const indent = ' '.repeat(11);
  return [
    `  ${palette.bad(SIGN.failed)} ${padStart(points(max), 5)}  ${palette.strong(subject)}  ${palette.faint(code)}`,
    ...wrap(fix?.why ?? evidence, width - indent.length).map((line) => indent + line),
    ...(fix ? [`${indent}${palette.accent(fix.command)}`] : []),
  ];
}

function notMeasuredLines({ notMeasured }: Score, { palette, width }: Style): string[] {
  if (notMeasured.length === 0) return [];
  const indent = ' '.repeat(11);
  return [
    '',
    palette.strong(`Not measured, so not won: ${points(sum(notMeasured))} points`),
    ...notMeasured.flatMap(({ code, subject, max, reason }) => [
      `  ${palette.warning(SIGN.none)} ${padStart(points(max), 5)}  ${palette.strong(subject)}  ${palette.faint(code)}`,
      ...wrap(reason, width - indent.length).map((line) => indent + line),
    ]),
  ];
}

/** Two decimals, as the score counts. */
export function points(value: number): string {
  return value.toFixed(2);
}

function sum(notMeasured: Score['notMeasured']): number {
  return Math.round(notMeasured.reduce((total, { max }) => total + max * 100, 0)) / 100;
}
