import type { FlowResult, HopResult } from '../../../model/flow.ts';
import { htmlPage } from '../../html.ts';
import { escaped } from '../../markup.ts';
import { createPalette } from '../../palette.ts';
import { flowLog } from '../../terminal/flows.ts';
import { duration } from '../../terminal/view.ts';
import type { FlowsDocument } from './index.ts';

const STYLE = { palette: createPalette(false), width: 120, verbose: false };

const SIGNS: Readonly<Record<HopResult['status'], string>> = {
  passed: '✔ passed',
  failed: '✖ failed',
  'not-reached': '– not reached',
};

/** Each flow with its hops, when each was seen, and why it stopped. */
export function page({ flows }: FlowsDocument): string {
  const failed = flows.filter(({ status }) => status === 'failed').length;
  const verdict = failed === 0 ? `${flows.length} passed` : `${failed} of ${flows.length} failed`;
  return htmlPage(`qbtc test: ${verdict}`, [
    `<h1>Flows: <span class="${failed === 0 ? 'passed' : 'failed'}">${verdict}</span></h1>`,
    ...flows.flatMap(section),
  ]);
}

function section(flow: FlowResult): string[] {
  const { name, run, status, durationMs, correlationId, hops, stoppedAt } = flow;
  return [
    `<h2>${escaped(name)}${run === undefined ? '' : ` run ${run}`} <span class="${status}">${SIGNS[status]}</span> in ${duration(durationMs)}</h2>`,
    `<div class="id">correlation id ${escaped(correlationId)}</div>`,
    '<table>',
    ...hops.map((hop, index) => row(hop, before(hops, index), durationMs)),
    '</table>',
    ...(stoppedAt === undefined
      ? []
      : [
          `<p class="failed">stopped at hop ${stoppedAt.hop}, ${escaped(stoppedAt.subject)}: ${escaped(stoppedAt.reason)}</p>`,
          ...[hops[stoppedAt.hop - 1]?.details ?? [], flowLog(stoppedAt, STYLE)].flatMap((lines) =>
            lines.length === 0 ? [] : [`<pre>${escaped(lines.join('\n'))}</pre>`],
          ),
          ...hops.flatMap(({ curl }) => (curl === undefined ? [] : [`<pre>${escaped(curl)}</pre>`])),
        ]),
  ];
}

/** When the hop before was seen: there the bar begins. */
function before(hops: readonly HopResult[], index: number): number {
  return hops.slice(0, index).findLast(({ atMs }) => atMs !== undefined)?.atMs ?? 0;
}

function row({ status, subject, name, evidence, atMs }: HopResult, from: number, total: number): string {
  const percent = (ms: number) => `${((100 * ms) / Math.max(1, total)).toFixed(1)}%`;
  const bar =
    atMs === undefined
      ? ''
      : `<div class="track"><div class="span" style="margin-left:${percent(from)};width:${percent(Math.max(0, atMs - from))}"></div></div>`;
  const time = atMs === undefined ? '' : `+${duration(Math.max(0, atMs - from))}`;
  return `<tr><td class="${status}">${SIGNS[status]}</td><td>${escaped(subject)}</td><td>${escaped(name)}<br><span class="id">${escaped(evidence)}</span></td><td>${time}</td><td class="bar">${bar}</td></tr>`;
}
