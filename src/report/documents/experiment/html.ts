import type { ExperimentReport } from '../../../model/chaos.ts';
import { htmlPage } from '../../html.ts';
import { escaped } from '../../markup.ts';
import { duration } from '../../terminal/view.ts';
import { awayFor, endOf } from './terminal.ts';

const LEFT = 140;
const WIDTH = 560;
const ROW = 24;
const LOAD_HEIGHT = 120;

/** What was done, what the requests saw, and what was away, over one time. */
export function page(report: ExperimentReport): string {
  const { experiment, stack, description, findings, requests, steady, healNeeded, recoveredAfterMs } = report;
  const passed = findings.length === 0;
  const rows: [string, string][] = [
    ['sent', String(requests.sent)],
    [
      'answered 2xx',
      `${requests.answered} (p50 ${duration(requests.p50Ms)}, p99 ${duration(requests.p99Ms)})`,
    ],
    ...Object.entries(requests.refused).map(([status, count]): [string, string] => [
      `refused with ${status}`,
      String(count),
    ]),
    ['cut off', String(requests.cutOff)],
    ['lost after they were answered', requests.lost === undefined ? 'not looked at' : String(requests.lost)],
    [
      'well again',
      recoveredAfterMs === undefined ? 'not in time' : `${duration(recoveredAfterMs)} after the last fault`,
    ],
    ['heal', healNeeded ? 'needed' : 'not needed: the supervisor was enough'],
  ];
  return htmlPage(`qbtc chaos: ${experiment}`, [
    `<h1>${escaped(experiment)} on ${escaped(stack)} <span class="${passed ? 'passed' : 'failed'}">${passed ? '✔ passed' : '✖ failed'}</span></h1>`,
    `<p>${escaped(description)}</p>`,
    ...findings.map((finding) => `<p class="failed">${escaped(finding)}</p>`),
    '<h2>Over time</h2>',
    ...chart(report),
    `<p class="id">parts were looked at every ${duration(report.everyMs)}; taken ${escaped(report.takenAt)}, in ${duration(report.durationMs)}</p>`,
    '<h2>Requests and recovery</h2>',
    '<table>',
    ...rows.map(([name, value]) => `<tr><td>${escaped(name)}</td><td>${escaped(value)}</td></tr>`),
    '</table>',
    '<h2>What is normal</h2>',
    '<table><tr><th>flow</th><th>before</th><th>after</th></tr>',
    ...steady.map(
      ({ flow, before, after }) =>
        `<tr><td>${escaped(flow)}</td><td class="${before}">${before}</td><td class="${after}">${after}</td></tr>`,
    ),
    '</table>',
    ...(report.heal === undefined ? [] : ['<h2>Heal</h2>', '<table>', ...healRows(report.heal), '</table>']),
  ]);
}

function healRows({ outcomes }: NonNullable<ExperimentReport['heal']>): string[] {
  return outcomes.map(
    ({ repair, status, said }) =>
      `<tr><td>${status}</td><td>${escaped(repair.problem.subject)}</td><td>${escaped(repair.remedy ?? 'no remedy')}</td><td>${escaped(said)}</td></tr>`,
  );
}

/** Latency of each request as a dot, those without a 2xx at the foot; below it a bar for each time away. */
function chart(report: ExperimentReport): string[] {
  const { timeline, absences, faults } = report;
  const end = endOf(report);
  const x = (ms: number) => (LEFT + (ms / end) * WIDTH).toFixed(1);
  const slowest = Math.max(1, ...timeline.map(({ tookMs }) => tookMs));
  // Logarithmic: a pause of seconds must not flatten the milliseconds.
  const y = (ms: number) =>
    (
      LOAD_HEIGHT -
      14 -
      (Math.log10(Math.max(1, ms)) / Math.log10(Math.max(10, slowest))) * (LOAD_HEIGHT - 24)
    ).toFixed(1);
  const parts = [...new Set(absences.map(({ part }) => part))];
  const height = LOAD_HEIGHT + (parts.length + 2) * ROW;
  const top = (row: number) => LOAD_HEIGHT + row * ROW;
  return [
    `<svg viewBox="0 0 820 ${height}" width="820" role="img" aria-label="requests and absences over time">`,
    `<text x="0" y="16">latency, to ${duration(slowest)}</text>`,
    ...timeline.map(({ atMs, tookMs, status = 0 }) =>
      status >= 200 && status < 300
        ? `<circle class="good-fill" cx="${x(atMs)}" cy="${y(tookMs)}" r="1.6"/>`
        : `<rect class="bad-fill" x="${x(atMs)}" y="${LOAD_HEIGHT - 10}" width="2" height="8"><title>${status === 0 ? 'cut off' : status}</title></rect>`,
    ),
    `<text x="0" y="${top(0) + 16}">fault</text>`,
    ...faults.map(
      ({ name, atMs, endMs }) =>
        `<rect class="faint-fill" x="${x(atMs)}" y="${top(0) + 4}" width="${Math.max(2, ((endMs - atMs) / end) * WIDTH).toFixed(1)}" height="14"><title>${escaped(name)}</title></rect><text x="${x(atMs)}" y="${top(0) + 16}">${escaped(name)}</text>`,
    ),
    ...parts.flatMap((part, index) => {
      const own = absences.filter((each) => each.part === part);
      return [
        `<text x="0" y="${top(index + 1) + 16}">${escaped(part)}</text>`,
        ...own.map(
          ({ fromMs, toMs = end }) =>
            `<rect class="bad-fill" x="${x(fromMs)}" y="${top(index + 1) + 4}" width="${Math.max(2, ((toMs - fromMs) / end) * WIDTH).toFixed(1)}" height="14"/>`,
        ),
        `<text x="${LEFT + WIDTH + 8}" y="${top(index + 1) + 16}">${awayFor(own)}</text>`,
      ];
    }),
    `<text x="${LEFT}" y="${height - 6}">0</text><text x="${LEFT + WIDTH - 40}" y="${height - 6}">${duration(end)}</text>`,
    '</svg>',
  ];
}
