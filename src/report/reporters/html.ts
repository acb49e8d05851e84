import type { FlowResult, HopResult } from '../../model/flow.ts';
import type { FlowsDocument } from '../document.ts';
import { escaped } from '../markup.ts';
import type { Reporter } from '../reporter.ts';
import { duration } from '../terminal/view.ts';
import { terminal } from './terminal.ts';

const STYLE = `
  body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; color: #1a1a1a; background: #fff }
  h1 { font-size: 1.4rem } h2 { font-size: 1.1rem; margin: 2rem 0 .2rem }
  .passed { color: #14632a } .failed { color: #a11212 } .not-reached { color: #666 }
  .id { color: #666; font: 13px ui-monospace, monospace }
  table { border-collapse: collapse; width: 100%; margin-top: .5rem } td { padding: .25rem .5rem; vertical-align: top; border-top: 1px solid #ddd }
  td.bar { width: 35% } .track { background: #eee; height: .8rem; margin-top: .35rem } .span { background: #4978bc; height: 100%; min-width: 2px }
  pre { background: #f5f5f5; padding: .7rem; overflow-x: auto; font: 13px ui-monospace, monospace }
  @media (prefers-color-scheme: dark) { body { color: #eee; background: #16181c } td { border-color: #333 } .track { background: #2a2d33 } pre { background: #22252b } .passed { color: #6fcf85 } .failed { color: #ff8a80 } .not-reached, .id { color: #999 } }
`;

const SIGNS: Readonly<Record<HopResult['status'], string>> = {
  passed: '✔ passed',
  failed: '✖ failed',
  'not-reached': '– not reached',
};

/** One page that needs nothing else: each flow with its hops, when each was seen, and why it stopped. */
export const html: Reporter = (document, options) =>
  document.kind === 'flows' ? page(document) : terminal(document, { ...options, color: false });

function page({ flows }: FlowsDocument): string {
  const failed = flows.filter(({ status }) => status === 'failed').length;
  const verdict = failed === 0 ? `${flows.length} passed` : `${failed} of ${flows.length} failed`;
  return [
    '<!doctype html>',
    '<html lang="en">',
    `<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>qbtc test: ${verdict}</title><style>${STYLE}</style></head>`,
    '<body>',
    `<h1>Flows: <span class="${failed === 0 ? 'passed' : 'failed'}">${verdict}</span></h1>`,
    ...flows.flatMap(section),
    '</body>',
    '</html>',
  ].join('\n');
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
          ...(stoppedAt.logLines.length === 0
            ? []
            : [`<pre>${escaped(stoppedAt.logLines.join('\n'))}</pre>`]),
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
