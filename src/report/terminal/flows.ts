import type { FlowResult, HopResult } from '../../model/flow.ts';
import type { FlowsDocument } from '../document.ts';
import { padEnd, padStart, table, truncate, wrap } from '../layout.ts';
import { counted, duration, SIGN, type Style, timeOfDay, type View } from './view.ts';

/** Each flow as a chain of hops with the time that each took. */
export const flows: View<FlowsDocument> = ({ flows: all, curl = false, left = 0 }, style) => {
  const { good, bad, warning } = style.palette;
  if (all.length === 0) return ['the stack has no flow'];
  const failed = all.filter((flow) => flow.status === 'failed');
  const isRepeated = all.some(({ run }) => run !== undefined);
  // Of many runs only those are worth their lines that went wrong.
  const shown = isRepeated && !style.verbose ? failed : all;
  const noun = isRepeated ? 'run' : 'flow';
  return [
    ...shown.flatMap((flow) => [...flowLines(flow, style), ...(curl ? curlLines(flow, style) : []), '']),
    ...(isRepeated ? [...summaryLines(all, style), ''] : []),
    failed.length === 0
      ? good(`${SIGN.done} ${counted(all.length, noun)} passed`)
      : bad(`${SIGN.failed} ${failed.length} of ${counted(all.length, noun)} failed`),
    ...(left === 0 ? [] : [warning(`${SIGN.none} ${left} not run after the failure`)]),
  ];
};

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

export function flowLines(flow: FlowResult, style: Style): string[] {
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

function stopLines({ stoppedAt }: FlowResult, { palette, width }: Style): string[] {
  if (!stoppedAt) return [];
  const { hop, subject, reason, logLines } = stoppedAt;
  const text = `stopped at hop ${hop}, ${subject}: ${reason}`;
  return [
    ...wrap(text, width - 2).map((line) => `  ${palette.bad(line)}`),
    logLines.length === 0
      ? palette.faint(`  ${subject} has written no log line`)
      : palette.faint(`  last log lines of ${subject}:`),
    ...logLines.map((line) => `    ${truncate(readable(line), width - 4)}`),
  ];
}

/** A line in the stack's log schema without its braces; any other line as it is. */
function readable(line: string): string {
  try {
    const { timestamp, level, message, context } = JSON.parse(line) as Record<string, unknown>;
    if (typeof message !== 'string') return line;
    const time = typeof timestamp === 'string' ? timeOfDay(timestamp) : '';
    const rest = isEmpty(context) ? '' : JSON.stringify(context);
    return [time, level, message, rest].filter((part) => part !== '' && part !== undefined).join('  ');
  } catch {
    return line;
  }
}

function isEmpty(context: unknown): boolean {
  return typeof context !== 'object' || context === null || Object.keys(context).length === 0;
}
