import type { Absence, ExperimentReport, LoadRequest } from '../../../model/chaos.ts';
import type { Style, View } from '../../document-form.ts';
import { padEnd, wrap } from '../../layout.ts';
import { duration, SIGN } from '../../terminal/view.ts';
import type { ExperimentDocument } from './index.ts';

/** What was done, what the requests saw, what was away and when, and whether it came back by itself. */
export const experiment: View<ExperimentDocument> = (report, style) => {
  const { strong, good, bad, faint } = style.palette;
  const { findings, healNeeded, recoveredAfterMs, faults, everyMs } = report;
  const passed = findings.length === 0;
  return [
    `${strong(report.experiment)} on ${report.stack}  ${passed ? good(`${SIGN.done} passed`) : bad(`${SIGN.failed} failed`)} in ${duration(report.durationMs)}`,
    ...wrap(report.description, style.width),
    '',
    ...faults.map(
      ({ name, atMs, endMs }) => `  ${strong(name)}  from ${duration(atMs)} to ${duration(endMs)}`,
    ),
    ...requestLines(report, style),
    '',
    ...timelineLines(report, style),
    faint(`  looked at every ${duration(everyMs)}: no time here is known more exactly`),
    '',
    recoveredAfterMs === undefined
      ? bad(`  ${SIGN.failed} not well again in time`)
      : good(`  ${SIGN.done} well again ${duration(recoveredAfterMs)} after the last fault`),
    `  heal was ${healNeeded ? 'needed' : 'not needed: the supervisor was enough'}`,
    ...findings.flatMap((finding) => wrap(finding, style.width - 4).map((line) => bad(`  ${line}`))),
  ];
};

const LABEL = 18;

function requestLines({ requests }: ExperimentReport, { palette }: Style): string[] {
  const { sent, answered, refused, cutOff, lost, p50Ms, p99Ms } = requests;
  if (sent === 0) return [];
  const others = Object.entries(refused).map(([status, count]) => `${count} x ${status}`);
  return [
    '',
    `  requests  ${sent} sent, ${answered} answered 2xx (p50 ${duration(p50Ms)}, p99 ${duration(p99Ms)})`,
    ...(others.length === 0 ? [] : [`            refused: ${others.join(', ')}`]),
    ...(cutOff === 0 ? [] : [`            cut off: ${cutOff}`]),
    ...(lost === undefined
      ? []
      : [
          lost === 0
            ? palette.good(`            ${SIGN.done} lost after they were answered: 0`)
            : palette.bad(`            ${SIGN.failed} lost after they were answered: ${lost}`),
        ]),
  ];
}

/** A row for the load and one for each part that was away, over the same time. */
function timelineLines(report: ExperimentReport, { palette, width }: Style): string[] {
  const { timeline, absences, faults } = report;
  const end = endOf(report);
  const room = Math.max(20, Math.min(60, width - LABEL - 16));
  const cell = (index: number) => [(index * end) / room, ((index + 1) * end) / room] as const;
  const row = (label: string, mark: (from: number, to: number) => string, rest = '') =>
    `  ${padEnd(label, LABEL)}${Array.from({ length: room }, (_, index) => mark(...cell(index))).join('')}${rest}`;
  const parts = [...new Set(absences.map(({ part }) => part))];
  return [
    row('fault', (from, to) =>
      faults.some(({ atMs, endMs }) => atMs < to && endMs >= from)
        ? palette.warning('▒')
        : palette.faint('·'),
    ),
    ...(timeline.length === 0 ? [] : [row('2xx', (from, to) => loadMark(timeline, from, to, palette))]),
    ...parts.map((part) => {
      const own = absences.filter((each) => each.part === part);
      return row(
        part,
        (from, to) => (isAway(own, from, to) ? palette.bad('█') : palette.faint('·')),
        `  ${awayFor(own)}`,
      );
    }),
  ];
}

/** When the report ends, in milliseconds since the load began. */
export function endOf({ timeline, absences, faults }: ExperimentReport): number {
  return Math.max(
    1_000,
    ...timeline.map(({ atMs, tookMs }) => atMs + tookMs),
    ...absences.map(({ fromMs, toMs = fromMs }) => toMs),
    ...faults.map(({ endMs }) => endMs),
  );
}

function loadMark(
  timeline: readonly LoadRequest[],
  from: number,
  to: number,
  { good, bad, faint }: Style['palette'],
): string {
  const sent = timeline.filter(({ atMs }) => atMs >= from && atMs < to);
  if (sent.length === 0) return faint('·');
  const answered = sent.filter(({ status = 0 }) => status >= 200 && status < 300).length;
  if (answered === sent.length) return good('█');
  return answered === 0 ? bad('▁') : good('▄');
}

function isAway(absences: readonly Absence[], from: number, to: number): boolean {
  return absences.some(({ fromMs, toMs = Number.POSITIVE_INFINITY }) => fromMs < to && toMs > from);
}

/** For how long in all. */
export function awayFor(absences: readonly Absence[]): string {
  if (absences.some(({ toMs }) => toMs === undefined)) return 'not back';
  return `away ${duration(absences.reduce((sum, { fromMs, toMs = fromMs }) => sum + toMs - fromMs, 0))}`;
}
