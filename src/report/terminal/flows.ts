import type { FlowResult, HopResult } from '../../model/flow.ts';
import type { Style, View } from '../document-form.ts';
import { padEnd, padStart, table, wrap } from '../layout.ts';
import { widthOf } from '../width.ts';
import { logLine } from './log-line.ts';
import { counted, duration, SIGN } from './view.ts';

/** Flows that were run. */
export interface RunFlows {
  flows: FlowResult[];
  /** Shows how the requests of a failed flow are sent by hand. */
  curl?: boolean;
  /** Shows the hops of what has passed, too. */
  hops?: boolean;
  /** Flows that were not run, as one before them had failed. */
  left?: number;
}

/**
 * What has passed in one line each, what has failed as a chain of hops with the time that each took, and at the end the
 * names of what has failed. The hops of all where that is wanted.
 */
export const flows: View<RunFlows> = ({ flows: all, curl = false, hops = false, left = 0 }, style) => {
  const { good, warning } = style.palette;
  if (all.length === 0) return ['the stack has no flow'];
  const failed = all.filter((flow) => flow.status === 'failed');
  const passed = all.filter((flow) => flow.status === 'passed');
  const isRepeated = all.some(({ run }) => run !== undefined);
  const inFull = (some: readonly FlowResult[]) =>
    some.flatMap((flow) => [...flowLines(flow, style), ...(curl ? curlLines(flow, style) : []), '']);
  const noun = isRepeated ? 'run' : 'flow';
  const ran =
    hops || style.verbose ? inFull(all) : [...passedLines(passed, isRepeated, style), ...inFull(failed)];
  return [
    ...ran,
    ...(isRepeated ? [...summaryLines(all, style), ''] : []),
    ...(failed.length === 0
      ? [good(`${SIGN.done} ${counted(all.length, noun)} passed`)]
      : failureLines(failed, counted(all.length, noun), style)),
    ...(left === 0 ? [] : [warning(`${SIGN.none} ${left} not run after the failure`)]),
  ];
};

/** Of many runs only those are worth their lines that went wrong: the summary has the others. */
function passedLines(
  passed: readonly FlowResult[],
  isRepeated: boolean,
  { palette, width }: Style,
): string[] {
  if (isRepeated || passed.length === 0) return [];
  const rows = passed.map(({ name, hops, durationMs }) => [
    { text: `${SIGN.done} passed`, paint: palette.good },
    { text: name, paint: palette.strong },
    { text: duration(durationMs) },
    { text: counted(hops.length, 'hop'), paint: palette.faint },
  ]);
  return [...table(rows, { indent: 0, width, right: [2] }), ''];
}

/** The last that is read: how many have failed, which, and where each stopped. */
function failureLines(failed: readonly FlowResult[], all: string, { palette, width }: Style): string[] {
  return [
    palette.bad(`${SIGN.failed} ${failed.length} of ${all} failed`),
    ...table(
      failed.map(({ name, run, stoppedAt }) => [
        { text: run === undefined ? name : `${name} run ${run}`, paint: palette.strong },
        {
          text:
            stoppedAt === undefined ? '' : `hop ${stoppedAt.hop}, ${stoppedAt.subject}: ${stoppedAt.reason}`,
        },
      ]),
      { indent: 2, width },
    ),
  ];
}

/** How often each flow passed, and how long it took. */
function summaryLines(all: readonly FlowResult[], { palette, width }: Style): string[] {
  const names = [...new Set(all.map(({ name }) => name))];
  return table(
    names.map((name) => {
      const runs = all.filter((flow) => flow.name === name);
      const passed = runs.filter(({ status }) => status === 'passed');
      const times = runs.map(({ durationMs }) => durationMs).sort((a, b) => a - b);
      const at = (share: number) =>
        duration(times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0);
      const isGood = passed.length === runs.length;
      return [
        { text: name, paint: palette.strong },
        {
          text: `${isGood ? SIGN.done : SIGN.failed} ${passed.length}/${runs.length}`,
          paint: isGood ? palette.good : palette.bad,
        },
        { text: `p50 ${at(0.5)}, p95 ${at(0.95)}, at most ${at(1)}` },
      ];
    }),
    { indent: 2, width },
  );
}

/** Commands are not broken into lines: they are to be copied. */
function curlLines({ status, hops }: FlowResult, { palette }: Style): string[] {
  if (status === 'passed') return [];
  return hops.flatMap(({ curl, name }) =>
    curl === undefined ? [] : [palette.faint(`  by hand (${name}):`), `  ${palette.accent(curl)}`],
  );
}

function flowLines(flow: FlowResult, style: Style): string[] {
  const { palette } = style;
  const verdict =
    flow.status === 'passed' ? palette.good(`${SIGN.done} passed`) : palette.bad(`${SIGN.failed} failed`);
  return [
    `${palette.strong(flow.name)}${flow.run === undefined ? '' : ` run ${flow.run}`}  ${verdict} in ${duration(flow.durationMs)}`,
    palette.faint(`  correlation id ${flow.correlationId}`),
    '  ┌ client',
    ...flow.hops.flatMap((hop, index) => hopLines(hop, flow.hops, index, style)),
    ...stopLines(flow, style),
  ];
}

/** `├─ ✔ llm-api       +5 ms  llm-api published the llm_request` */
function hopLines(
  hop: HopResult,
  hops: HopResult[],
  index: number,
  { palette, width, verbose }: Style,
): string[] {
  const isLast = index === hops.length - 1;
  const subjects = Math.max(...hops.map(({ subject }) => subject.length));
  const times = hops.map((_, each) => timeOf(hops, each));
  const timeWidth = Math.max(...times.map((time) => time.length));
  const { sign, paint } = {
    passed: { sign: SIGN.done, paint: palette.good },
    failed: { sign: SIGN.failed, paint: palette.bad },
    'not-reached': { sign: SIGN.none, paint: palette.faint },
  }[hop.status];
  const head = `  ${isLast ? '└' : '├'}─ `;
  const margin = head.length + 2 + subjects + 2 + timeWidth + 2;
  const under = `  ${isLast ? ' ' : '│'}${' '.repeat(margin - 3)}`;
  const said = hop.status === 'not-reached' ? `not reached: ${hop.name}` : hop.name;
  const [first = '', ...rest] = wrap(said, width - margin);
  const detail = verbose ? wrap(hop.evidence, width - margin).map((line) => palette.faint(line)) : [];
  return [
    `${head}${paint(sign)} ${palette.strong(padEnd(hop.subject, subjects))}  ${padStart(times[index] ?? '', timeWidth)}  ${first}`,
    ...[...rest, ...detail].map((line) => under + line),
  ];
}

/** The time that the hop took after the last one whose time is known. */
function timeOf(hops: HopResult[], index: number): string {
  const at = hops[index]?.atMs;
  if (at === undefined) return '';
  const before = hops.slice(0, index).findLast((hop) => hop.atMs !== undefined)?.atMs ?? 0;
  return `+${duration(at - before)}`;
}

function stopLines({ stoppedAt, hops }: FlowResult, style: Style): string[] {
  if (!stoppedAt) return [];
  const { palette, width } = style;
  const { hop, subject, reason } = stoppedAt;
  const text = `stopped at hop ${hop}, ${subject}: ${reason}`;
  const details = hops[hop - 1]?.details ?? [];
  const [heading = '', ...logged] = flowLog(stoppedAt, style);
  return [
    ...wrap(text, width - 2).map((line) => `  ${palette.bad(line)}`),
    ...fitted(details, width - 4).map((line) => `    ${line}`),
    palette.faint(`  ${heading}`),
    ...fitted(logged, width - 4).map((line) => `    ${line}`),
  ];
}

/** Lines that are too long are broken, never cut: the reason often stands at their end. */
function fitted(lines: readonly string[], width: number): string[] {
  return lines.flatMap((line) =>
    widthOf(line) <= width ? [line] : wrap(line, width).map((each) => each.trimEnd()),
  );
}

/** What the stack has logged about this run, as `qbtc logs` shows it. */
export function flowLog({ subject, logLines }: NonNullable<FlowResult['stoppedAt']>, style: Style): string[] {
  if (logLines.length === 0) return [`${subject} has logged nothing about it`];
  const sources = Math.max(...logLines.map(({ source }) => source.length));
  // The id is that of the run, which stands above.
  const lines = logLines.map(({ correlationId: _, ...line }) => line);
  return ['logged about it:', ...lines.flatMap((line) => logLine(line, sources, style))];
}
