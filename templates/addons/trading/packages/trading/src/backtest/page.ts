import { plain } from '../decimal.ts';
import { equityChart } from './chart.ts';
import type { Backtest } from './run.ts';

/** Trades on the page; all of them are in the JSON. */
const MOST_TRADES = 200;

/** One self-contained page: the figures, the curve, the trades. */
export function reportPage(
  { statistics, trades, equity, candles, from, to }: Backtest,
  about: { title: string; capital: number; rows: readonly (readonly [string, string])[] },
): string {
  const moment = (time: number | undefined) =>
    time === undefined ? '–' : new Date(time).toISOString().slice(0, 19).replace('T', ' ');
  const rows = about.rows.map(
    ([name, value]) => `<tr><th>${escaped(name)}</th><td>${escaped(value)}</td></tr>`,
  );
  const shown = trades
    .slice(-MOST_TRADES)
    .map(
      ({ time, side, quantity, price, realised, reason }) =>
        `<tr><td>${moment(time)}</td><td>${side}</td><td>${plain(quantity)}</td><td>${plain(price)}</td><td>${plain(realised)}</td><td>${escaped(reason)}</td></tr>`,
    );
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>${escaped(about.title)}</title>
<style>body{font:14px/1.5 system-ui,sans-serif;max-width:900px;margin:2rem auto;padding:0 1rem;color:#222}table{border-collapse:collapse;margin:1rem 0}th,td{text-align:left;padding:.2rem .8rem .2rem 0;border-bottom:1px solid #eee;font-variant-numeric:tabular-nums}</style>
<h1>${escaped(about.title)}</h1>
<p>${candles} candles from ${moment(from)} to ${moment(to)} UTC. The past says nothing about the future.</p>
<table>${rows.join('')}</table>
${equityChart(equity, about.capital)}
<h2>${statistics.trades} trades${trades.length > MOST_TRADES ? `, the last ${MOST_TRADES}` : ''}</h2>
<table><tr><th>time</th><th>side</th><th>quantity</th><th>price</th><th>realised</th><th>why</th></tr>${shown.join('')}</table>
</html>
`;
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
