import type { ComponentScore, Gain, Score, ScoreComparison, Undeclared } from '../../../model/score.ts';
import type { Style, View } from '../../document-form.ts';
import { padEnd, padStart, wrap } from '../../layout.ts';
import { heading, points, signed, sum } from '../../terminal/score.ts';
import { counted, duration, SIGN, timeOfDay } from '../../terminal/view.ts';
import type { ScoreDocument } from './index.ts';

/** The total, a bar for each component, and what would raise it most: why, and what wins it back. */
export const score: View<ScoreDocument> = (document, style) => {
  const { score: result, target, comparison, tookMs } = document;
  return [
    ...heading(result, target, style),
    ...trendLine(document, style),
    '',
    ...result.components.map((component) => componentLine(component, comparison, style)),
    ...gainLines(result, style),
    ...notMeasuredLines(result, style),
    ...undeclaredLines(result, style),
    ...ignoredLines(result, style),
    ...(tookMs === undefined ? [] : ['', style.palette.faint(`taken in ${duration(tookMs)}`)]),
  ];
};

const LABEL_WIDTH = 'infrastructure'.length;
const WIDEST_BAR = 40;

/** What is said of a gap stands under its subject. */
const DETAIL_INDENT = '  ✖ +11.25  '.length;
const SPARKS = '▁▂▃▄▅▆▇█';

/** How it went before, and what has changed since. */
function trendLine({ history = [], comparison, score: now }: ScoreDocument, { palette }: Style): string[] {
  if (comparison === undefined) return [];
  const { difference, against } = comparison;
  const paint = difference < 0 ? palette.bad : difference > 0 ? palette.good : palette.faint;
  const sparks = [...history.map(({ adjusted }) => adjusted), now.adjusted]
    .slice(-30)
    .map((value) => SPARKS[Math.min(SPARKS.length - 1, Math.floor((value / 100) * SPARKS.length))])
    .join('');
  const when = `${against.takenAt.slice(0, 10)} ${timeOfDay(against.takenAt).slice(0, 8)}`;
  // Points of two profiles are not the same.
  const other = against.profile ?? 'qbtc';
  const by = other === now.profile ? '' : `, by the profile ${other} then`;
  return [
    `${palette.faint(sparks)}  ${paint(signed(difference))} ${palette.faint(`since ${when} UTC${by}`)}`,
  ];
}

function componentLine(
  { name, points: won, max, checks }: ComponentScore,
  comparison: ScoreComparison | undefined,
  { palette, width }: Style,
): string {
  if (max === 0) {
    // What was judged all the same has been given no weight.
    const why = checks.length === 0 ? 'not declared, so not counted' : 'has no weight';
    return `  ${padEnd(name, LABEL_WIDTH)}  ${palette.faint(why)}`;
  }
  const room = Math.max(10, Math.min(WIDEST_BAR, width - LABEL_WIDTH - 30));
  const filled = Math.floor((won / max) * room);
  const bar = `${palette.good('█'.repeat(filled))}${palette.faint('░'.repeat(room - filled))}`;
  const change = comparison?.components[name] ?? 0;
  const since = change === 0 ? '' : `  ${(change < 0 ? palette.bad : palette.good)(signed(change))}`;
  return `  ${padEnd(name, LABEL_WIDTH)}  ${bar}  ${padStart(points(won), 6)} / ${points(max)}${since}`;
}

/** The dearest first, each with what it costs and what the score would be without it. */
function gainLines({ gains }: Score, style: Style): string[] {
  if (gains.length === 0) return [];
  return ['', style.palette.strong('Points to win back'), ...gains.flatMap((gain) => gainOf(gain, style))];
}

function gainOf(gain: Gain, { palette, width }: Style): string[] {
  const indent = ' '.repeat(DETAIL_INDENT);
  const room = width - DETAIL_INDENT;
  const { causes, why, severity, command, byHand = '', predicted, checks } = gain;
  const others = [...new Set(checks.map(({ subject }) => subject))].filter((each) => !causes.includes(each));
  const codes = [...new Set(checks.map(({ code }) => code))].join(', ');
  const subjects = wrap(causes.join(', '), room);
  return [
    ...subjects.map((line, index) =>
      index === 0
        ? `  ${palette.bad(SIGN.failed)} ${padStart(`+${points(gain.points)}`, 6)}  ${palette.strong(line)}  ${palette.faint(severity)}`
        : indent + palette.strong(line),
    ),
    ...wrap(why, room).map((line) => indent + line),
    ...(others.length === 0
      ? []
      : wrap(takenAlong(others), room).map((line) => indent + palette.faint(line))),
    ...wrap(byHand === '' ? '' : `by hand: ${byHand}`, room)
      .filter((line) => line !== '')
      .map((line) => indent + line),
    ...(command === undefined ? [] : [`${indent}${palette.accent(command)}   then ${points(predicted)}`]),
    ...wrap(codes, room).map((line) => indent + palette.faint(line)),
  ];
}

/** What else was lost with it: by name where that is short, counted where it is not. */
function takenAlong(others: readonly string[]): string {
  const listed = others.slice(0, 3).join(', ');
  const rest = others.length - 3;
  return `takes along: ${listed}${rest > 0 ? ` and ${counted(rest, 'other')}` : ''}`;
}

function notMeasuredLines({ notMeasured }: Score, style: Style): string[] {
  if (notMeasured.length === 0) return [];
  const { strong, warning, faint } = style.palette;
  const indent = ' '.repeat(DETAIL_INDENT);
  return [
    '',
    strong(`Not measured, so not won: ${points(sum(notMeasured))} points`),
    ...notMeasured.flatMap((check) => [
      `  ${warning(SIGN.none)} ${padStart(points(check.max), 6)}  ${strong(check.subject)}  ${faint(check.code)}`,
      ...wrap(check.reason, style.width - DETAIL_INDENT).map((line) => indent + line),
    ]),
  ];
}

/** What is out of the total: what it would count, where it is missing, and how it is declared. */
function undeclaredLines({ undeclared, total }: Score, style: Style): string[] {
  if (undeclared.length === 0) return [];
  const { strong, accent, faint } = style.palette;
  const indent = ' '.repeat(DETAIL_INDENT);
  const room = style.width - DETAIL_INDENT;
  const linesOf = ({ code, subjects, reason, declare, brings, predicted }: Undeclared) => {
    const [first = '', ...more] = wrap(subjects.join(', '), room);
    return [
      `  ${faint(SIGN.none)} ${padStart(points(brings), 6)}  ${strong(first)}  ${faint(code)}`,
      ...more.map((line) => indent + strong(line)),
      ...wrap(reason, room).map((line) => indent + line),
      ...wrap(`declared by: ${declare}`, room).map((line) => indent + accent(line)),
      // What has all points has them with it, too.
      ...(predicted === total ? [] : [indent + faint(`then ${points(predicted)}`)]),
    ];
  };
  return ['', strong('Not declared, so not counted; what it would count'), ...undeclared.flatMap(linesOf)];
}

function ignoredLines({ components, lapsed }: Score, { palette, width }: Style): string[] {
  const ignored = components.flatMap(({ checks }) =>
    checks.flatMap(({ code, subject, max, ignored: rule }) =>
      rule === undefined
        ? []
        : [`${points(max)}  ${code} of ${subject}, until ${rule.until}: ${rule.reason}`],
    ),
  );
  const past = lapsed.map(
    ({ check: code, subject, until }) =>
      `the rule for ${code}${subject === undefined ? '' : ` of ${subject}`} ended on ${until} and does nothing`,
  );
  if (ignored.length + past.length === 0) return [];
  return [
    '',
    palette.strong('Set aside by score.ignore'),
    ...[...ignored, ...past].flatMap((line) => wrap(line, width - 4).map((each) => `    ${each}`)),
  ];
}
