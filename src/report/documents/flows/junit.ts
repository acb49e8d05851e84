import type { FlowResult, HopResult } from '../../../model/flow.ts';
import { seconds, wrapped } from '../../junit.ts';
import { escaped } from '../../markup.ts';
import { createPalette } from '../../palette.ts';
import { flowLog } from '../../terminal/flows.ts';
import type { FlowsDocument } from './index.ts';

/**
 * JUnit's XML, as CI servers read it (the schema of Jenkins' xunit plugin): a suite for each flow, a case for each of
 * its runs.
 */
export function page({ flows }: FlowsDocument): string {
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

export function failures(flows: readonly FlowResult[]): number {
  return flows.filter(({ status }) => status === 'failed').length;
}

function total(flows: readonly FlowResult[]): number {
  return flows.reduce((sum, { durationMs }) => sum + durationMs, 0);
}
