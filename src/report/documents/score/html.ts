import type { CheckResult, ComponentScore, Gain, Undeclared } from '../../../model/score.ts';
import { htmlPage } from '../../html.ts';
import { escaped } from '../../markup.ts';
import { gateText, gateWords, points, signed } from '../../terminal/score.ts';
import { duration } from '../../terminal/view.ts';
import type { ScoreDocument } from './index.ts';

const SIGNS: Readonly<Record<CheckResult['status'], string>> = {
  passed: '✔ passed',
  failed: '✖ lost',
  'not-measured': '– not measured',
};

const CLASSES: Readonly<Record<CheckResult['status'], string>> = {
  passed: 'passed',
  failed: 'failed',
  'not-measured': 'not-reached',
};

/** The score with its parts, what would raise it most, how it went before, and each check. */
export function page({ score, target, history = [], comparison, tookMs }: ScoreDocument): string {
  const {
    stack,
    strategy,
    profile,
    undeclared,
    total,
    max,
    adjusted,
    grade,
    failures,
    components,
    gains,
    takenAt,
  } = score;
  const reached = adjusted >= target;
  const missing = score.notMeasured.reduce((sum, check) => sum + check.max, 0);
  return htmlPage(`${stack}: ${points(adjusted)} of ${points(max)}`, [
    `<h1>${escaped(stack)}</h1>`,
    `<p class="total ${reached && failures.length === 0 ? 'passed' : 'failed'}">${points(adjusted)} / ${points(max)} (${grade})</p>`,
    ...(failures.length === 0
      ? []
      : [
          `<p class="failed">${escaped(gateWords(failures))}</p>`,
          `<ul class="failed">${failures.map((each) => `<li>${escaped(gateText(each))}</li>`).join('')}</ul>`,
        ]),
    `<p>${[
      `${reached ? 'at or above' : 'below'} the target of ${target}`,
      ...(adjusted === total ? [] : [`without ignore rules ${points(total)}`]),
      ...(missing === 0 ? [] : [`${points(missing)} points not measured`]),
      ...(comparison === undefined
        ? []
        : [`${signed(comparison.difference)} since ${comparison.against.takenAt}`]),
      `strategy ${strategy}`,
      `profile ${profile}`,
      `taken ${takenAt}${tookMs === undefined ? '' : ` in ${duration(tookMs)}`}`,
    ]
      .map(escaped)
      .join(' · ')}</p>`,
    ...componentBars(components),
    ...trend([...history, { takenAt, adjusted }], target),
    ...(gains.length === 0 ? [] : ['<h2>Points to win back</h2>', ...gainsTable(gains)]),
    ...undeclaredTable(undeclared),
    ...components.flatMap(checksTable),
  ]);
}

function componentBars(components: readonly ComponentScore[]): string[] {
  const width = 400;
  const row = 26;
  return [
    `<svg viewBox="0 0 720 ${components.length * row}" width="720" role="img" aria-label="points by component">`,
    ...components.map(({ name, points: won, max }, index) => {
      const y = index * row;
      const filled = max === 0 ? 0 : (won / max) * width;
      return [
        `<text x="0" y="${y + 16}">${name}</text>`,
        `<rect class="faint-fill" x="140" y="${y + 4}" width="${width}" height="16"/>`,
        `<rect class="good-fill" x="140" y="${y + 4}" width="${filled.toFixed(1)}" height="16"/>`,
        `<text x="${150 + width}" y="${y + 16}">${points(won)} / ${points(max)}</text>`,
      ].join('');
    }),
    '</svg>',
  ];
}

function trend(scores: readonly { takenAt: string; adjusted: number }[], target: number): string[] {
  if (scores.length < 2) return [];
  const width = 700;
  const x = (index: number) => ((index / (scores.length - 1)) * width + 5).toFixed(1);
  const y = (value: number) => (110 - value).toFixed(1);
  const line = scores.map(({ adjusted }, index) => `${x(index)},${y(adjusted)}`).join(' ');
  return [
    '<h2>Trend</h2>',
    `<svg viewBox="0 0 720 120" width="720" role="img" aria-label="the last ${scores.length} scores">`,
    `<line class="faint-line" x1="5" x2="705" y1="${y(target)}" y2="${y(target)}"/><text x="610" y="${110 - target - 3}">target ${target}</text>`,
    `<polyline class="line" points="${line}"/>`,
    ...scores.map(
      ({ takenAt, adjusted }, index) =>
        `<circle class="${adjusted >= target ? 'good-fill' : 'bad-fill'}" cx="${x(index)}" cy="${y(adjusted)}" r="3"><title>${escaped(takenAt)}: ${points(adjusted)}</title></circle>`,
    ),
    '</svg>',
  ];
}

function gainsTable(gains: readonly Gain[]): string[] {
  return [
    '<table><tr><th>wins</th><th>then</th><th>what is wrong</th><th>what to do</th></tr>',
    ...gains.map(
      (gain) =>
        `<tr><td class="number">+${points(gain.points)}</td><td class="number">${points(gain.predicted)}</td><td><b>${escaped(gain.causes.join(', '))}</b> <span class="${gain.severity}">${gain.severity}</span><br>${escaped(gain.why)}<br><span class="id">${gain.checks.length} checks: ${escaped([...new Set(gain.checks.map(({ code }) => code))].join(', '))}</span></td><td>${gain.command === undefined ? escaped(gain.byHand ?? '') : `<code>${escaped(gain.command)}</code>`}</td></tr>`,
    ),
    '</table>',
  ];
}

function undeclaredTable(undeclared: readonly Undeclared[]): string[] {
  if (undeclared.length === 0) return [];
  return [
    '<h2>Not declared, so not counted</h2>',
    '<table><tr><th>would count</th><th>then</th><th>what is missing</th><th>how it is declared</th></tr>',
    ...undeclared.map(
      ({ code, subjects, reason, declare, brings, predicted }) =>
        `<tr><td class="number">${points(brings)}</td><td class="number">${points(predicted)}</td><td><b>${escaped(subjects.join(', '))}</b><br>${escaped(reason)}<br><span class="id">${code}</span></td><td>${escaped(declare)}</td></tr>`,
    ),
    '</table>',
  ];
}

function checksTable({ name, points: won, max, checks }: ComponentScore): string[] {
  if (checks.length === 0) return [];
  return [
    `<h2>${name} ${points(won)} / ${points(max)}</h2>`,
    '<table>',
    ...checks.map(
      (check) =>
        `<tr><td class="${CLASSES[check.status]}">${SIGNS[check.status]}</td><td class="number">${points(check.points)} / ${points(check.max)}</td><td>${escaped(check.subject)}<br><span class="id">${check.code}</span></td><td>${escaped(check.evidence)}${check.ignored === undefined ? '' : `<br><span class="warning">ignored until ${check.ignored.until}: ${escaped(check.ignored.reason)}</span>`}</td></tr>`,
    ),
    '</table>',
  ];
}
