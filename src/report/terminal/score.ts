import type { CheckResult, ComponentScore, Score } from '../../model/score.ts';
import type { ScoreDocument } from '../document.ts';
import { padEnd, padStart, wrap } from '../layout.ts';
import { SIGN, type Style, type View } from './view.ts';

const LABEL_WIDTH = 'infrastructure'.length;
const WIDEST_BAR = 40;
/** What is said of a check stands under its subject. */
const DETAIL_INDENT = '  ✖ 11.25  '.length;

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

/** The dearest first; checks that were lost for the same reason stand together. */
function lostLines({ components }: Score, style: Style): string[] {
  const lost = byCause(
    components.flatMap((component) => component.checks).filter((check) => check.status === 'failed'),
  ).sort((a, b) => sum(b.checks) - sum(a.checks));
  if (lost.length === 0) return [];
  return [
    '',
    style.palette.strong('Points to win back'),
    ...lost.flatMap(({ code, why, command, byHand, checks }) => [
      ...subjectLines(checks, style.palette.bad(SIGN.failed), style),
      ...wrap(why, style.width - DETAIL_INDENT).map((line) => ' '.repeat(DETAIL_INDENT) + line),
      ...wrap(byHand === '' ? '' : `by hand: ${byHand}`, style.width - DETAIL_INDENT)
        .filter((line) => line !== '')
        .map((line) => ' '.repeat(DETAIL_INDENT) + line),
      ' '.repeat(DETAIL_INDENT) +
        [...(command === '' ? [] : [style.palette.accent(command)]), style.palette.faint(code)].join('   '),
    ]),
  ];
}

interface Cause {
  code: string;
  why: string;
  command: string;
  byHand: string;
  checks: CheckResult[];
}

function byCause(checks: CheckResult[]): Cause[] {
  const causes = new Map<string, Cause>();
  for (const check of checks) {
    const { code, evidence, fix } = check;
    const why = fix?.why ?? evidence;
    const command = fix?.command ?? '';
    const byHand = fix?.byHand ?? '';
    const key = JSON.stringify([code, why, command, byHand]);
    const cause = causes.get(key) ?? { code, why, command, byHand, checks: [] };
    cause.checks.push(check);
    causes.set(key, cause);
  }
  return [...causes.values()];
}

function notMeasuredLines({ notMeasured }: Score, style: Style): string[] {
  if (notMeasured.length === 0) return [];
  const { strong, warning, faint } = style.palette;
  return [
    '',
    strong(`Not measured, so not won: ${points(sum(notMeasured))} points`),
    ...notMeasured.flatMap((check) => [
      ...subjectLines([check], warning(SIGN.none), style),
      ...wrap(check.reason, style.width - DETAIL_INDENT).map((line) => ' '.repeat(DETAIL_INDENT) + line),
      `${' '.repeat(DETAIL_INDENT)}${faint(check.code)}`,
    ]),
  ];
}

/** `✖ 11.25  cache, database` */
function subjectLines(
  checks: readonly { subject: string; max: number }[],
  sign: string,
  { palette, width }: Style,
): string[] {
  const subjects = wrap(checks.map(({ subject }) => subject).join('; '), width - DETAIL_INDENT);
  return subjects.map((line, index) => {
    const left = index === 0 ? `  ${sign} ${padStart(points(sum(checks)), 5)}  ` : ' '.repeat(DETAIL_INDENT);
    return left + palette.strong(line);
  });
}

/** Two decimals, as the score counts. */
export function points(value: number): string {
  return value.toFixed(2);
}

function sum(checks: readonly { max: number }[]): number {
  return Math.round(checks.reduce((total, { max }) => total + max * 100, 0)) / 100;
}
