import { messageOf } from '../../errors.ts';
import type { FlowResult, HopResult } from '../../model/flow.ts';
import type { CheckResult } from '../../model/score.ts';
import type { FlowsDocument, ScoreDocument } from '../document.ts';
import { escaped } from '../markup.ts';
import { createPalette } from '../palette.ts';
import type { Reporter } from '../reporter.ts';
import { flowLog } from '../terminal/flows.ts';
import { gateText } from '../terminal/score.ts';
import { terminal } from './terminal.ts';

/**
 * JUnit's XML, as CI servers read it (the schema of Jenkins' xunit plugin): a suite for each flow, a case for each of
 * its runs. An error of the command is a case that did not run; any other document is as at a terminal.
 */
export const junit: Reporter = (document, options) => {
  switch (document.kind) {
    case 'flows':
      return suites(document);
    case 'score':
      return scoreSuites(document);
    case 'error': {
      const { code } = document.error;
      const message = messageOf(document.error);
      const text = terminal(document, { ...options, color: false });
      return wrapped(1, 0, 1, 0, [
        '  <testsuite name="qbtc" tests="1" failures="0" errors="1">',
        '    <testcase classname="qbtc" name="qbtc test">',
        `      <error type="${escaped(code)}" message="${escaped(message)}">${escaped(text)}</error>`,
        '    </testcase>',
        '  </testsuite>',
      ]);
    }
    default:
      return terminal(document, { ...options, color: false });
  }
};

/** A suite for each component, a case for each check; what was not measured counts as skipped. */
function scoreSuites({ score, tookMs = 0 }: ScoreDocument): string {
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

function suites({ flows }: FlowsDocument): string {
  const names = [...new Set(flows.map(({ name }) => name))];
  const lines = names.flatMap((name) => {
    const runs = flows.filter((flow) => flow.name === name);
    const counts = `tests="${runs.length}" failures="${failures(runs)}" errors="0" time="${seconds(total(runs))}"`;
    return [
      `  <testsuite name="${escaped(name)}" file="${escaped(runs[0]?.file ?? '')}" ${counts}>`,
      ...runs.flatMap(testcase),
      '  </testsuite>',
    ];
  });
  return wrapped(flows.length, failures(flows), 0, total(flows), lines);
}

function testcase({ name, run, correlationId, durationMs, hops, stoppedAt }: FlowResult): string[] {
  const title = run === undefined ? name : `${name} run ${run}`;
  const path = hops.map(
    ({ status, subject, name: hop, evidence }) => `${status}: ${subject}: ${hop} (${evidence})`,
  );
  return [
    `    <testcase classname="${escaped(name)}" name="${escaped(title)}" time="${seconds(durationMs)}">`,
    ...(stoppedAt === undefined
      ? []
      : [
          `      <failure type="hop" message="${escaped(`stopped at hop ${stoppedAt.hop}, ${stoppedAt.subject}: ${stoppedAt.reason}`)}">${escaped(failureText(stoppedAt, hops))}</failure>`,
        ]),
    `      <system-out>${escaped([`correlation id ${correlationId}`, ...path].join('\n'))}</system-out>`,
    '    </testcase>',
  ];
}

/** What was seen instead, and what the stack has logged about it, as a terminal shows it. */
function failureText(stoppedAt: NonNullable<FlowResult['stoppedAt']>, hops: readonly HopResult[]): string {
  const style = { palette: createPalette(false), width: 120, verbose: false };
  return [...(hops[stoppedAt.hop - 1]?.details ?? []), ...flowLog(stoppedAt, style)].join('\n');
}

function wrapped(tests: number, failed: number, errors: number, ms: number, lines: string[]): string {
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="qbtc" tests="${tests}" failures="${failed}" errors="${errors}" time="${seconds(ms)}">`,
    ...lines,
    '</testsuites>',
  ].join('\n');
}

function failures(flows: readonly FlowResult[]): number {
  return flows.filter(({ status }) => status === 'failed').length;
}

function total(flows: readonly FlowResult[]): number {
  return flows.reduce((sum, { durationMs }) => sum + durationMs, 0);
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}
