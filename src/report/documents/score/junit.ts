import type { CheckResult } from '../../../model/score.ts';
import { wrapped } from '../../junit.ts';
import { escaped } from '../../markup.ts';
import { gateText } from '../../terminal/score.ts';
import type { ScoreDocument } from './index.ts';

/** A suite for each component, a case for each check; what was not measured counts as skipped. */
export function page({ score, tookMs = 0 }: ScoreDocument): string {
  const checks = score.components.flatMap((component) => component.checks);
  const lost = (of: readonly CheckResult[]) => of.filter(isLost).length;
  const lines = score.components.flatMap((component) => [
    `  <testsuite name="${component.name}" tests="${component.checks.length}" failures="${lost(component.checks)}" errors="0" skipped="${component.checks.filter(({ status }) => status === 'not-measured').length}">`,
    ...component.checks.flatMap(scoreCase),
    '  </testsuite>',
  ]);
  const { failures } = score;
  return wrapped(checks.length + failures.length, lost(checks) + failures.length, 0, tookMs, [
    ...gateSuite(failures),
    ...lines,
  ]);
}

/** What fails the gate, whatever the points: a case for each. */
function gateSuite(failures: ScoreDocument['score']['failures']): string[] {
  if (failures.length === 0) return [];
  return [
    `  <testsuite name="gate" tests="${failures.length}" failures="${failures.length}" errors="0" skipped="0">`,
    ...failures.flatMap((failure) => [
      `    <testcase classname="gate.${failure.kind}" name="${escaped(failure.subject)}">`,
      `      <failure type="${failure.state}" message="${escaped(gateText(failure))}"/>`,
      '    </testcase>',
    ]),
    '  </testsuite>',
  ];
}

function scoreCase(check: CheckResult): string[] {
  const { code, subject, status, evidence, points, max, fix, ignored } = check;
  const advice = fix?.command ?? fix?.byHand ?? '';
  const inside =
    status === 'not-measured'
      ? [`      <skipped message="${escaped(`not measured: ${evidence}`)}"/>`]
      : isLost(check)
        ? [
            `      <failure type="${code}" message="${escaped(fix?.why ?? evidence)}">${escaped(advice)}</failure>`,
          ]
        : [];
  const about = `${points.toFixed(2)} of ${max.toFixed(2)} points: ${evidence}${ignored === undefined ? '' : ` (ignored until ${ignored.until}: ${ignored.reason})`}`;
  return [
    `    <testcase classname="${code}" name="${escaped(subject)}">`,
    ...inside,
    `      <system-out>${escaped(about)}</system-out>`,
    '    </testcase>',
  ];
}

function isLost({ status, ignored }: CheckResult): boolean {
  return status === 'failed' && ignored === undefined;
}
