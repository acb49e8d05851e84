import { escaped } from './markup.ts';

const STYLE = `
  body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; color: #1a1a1a; background: #fff }
  h1 { font-size: 1.4rem } h2 { font-size: 1.1rem; margin: 2rem 0 .2rem }
  .passed { color: #14632a } .failed { color: #a11212 } .not-reached { color: #666 }
  .id { color: #666; font: 13px ui-monospace, monospace }
  table { border-collapse: collapse; width: 100%; margin-top: .5rem } td { padding: .25rem .5rem; vertical-align: top; border-top: 1px solid #ddd }
  td.bar { width: 35% } .track { background: #eee; height: .8rem; margin-top: .35rem } .span { background: #4978bc; height: 100%; min-width: 2px }
  .total { font-size: 2.2rem; font-weight: 600; margin: .2rem 0 } .critical { color: #a11212 } .warning { color: #8a5a00 } td.number { text-align: right; white-space: nowrap } th { text-align: left; padding: .25rem .5rem }
  code { font: 13px ui-monospace, monospace; background: #f0f0f0; padding: .1rem .3rem } svg { max-width: 100%; height: auto } svg text { font: 12px system-ui, sans-serif; fill: currentColor }
  .good-fill { fill: #2f8f4e } .bad-fill { fill: #c0392b } .faint-fill { fill: #c9c9c9 } .line { stroke: #4978bc; fill: none; stroke-width: 2 } .faint-line { stroke: #c9c9c9; fill: none; stroke-dasharray: 4 3 }
  pre { background: #f5f5f5; padding: .7rem; overflow-x: auto; font: 13px ui-monospace, monospace }
  @media (prefers-color-scheme: dark) { body { color: #eee; background: #16181c } td { border-color: #333 } .track { background: #2a2d33 } pre, code { background: #22252b } .critical { color: #ff8a80 } .warning { color: #e5b567 } .faint-fill { fill: #3a3d44 } .faint-line { stroke: #555 } .passed { color: #6fcf85 } .failed { color: #ff8a80 } .not-reached, .id { color: #999 } }
`;

/** A page that needs nothing else: no script, no file beside it, nothing from elsewhere. */
export function htmlPage(title: string, body: readonly string[]): string {
  return [
    '<!doctype html>',
    '<html lang="en">',
    `<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escaped(title)}</title><style>${STYLE}</style></head>`,
    '<body>',
    ...body,
    '</body>',
    '</html>',
  ].join('\n');
}
