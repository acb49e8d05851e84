import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readBaseline, withFigures, writeBaseline } from '../../bench/guard/baseline.ts';
import type { Figure } from '../../bench/guard/figure.ts';
import { appendRun, chartOf, type Run, readRuns, runOf, writeChart } from '../../bench/guard/history.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'qbtc-guard-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const taken = { date: '2026-11-30', commit: 'abc1234' };
const figure = (name: string, ratio?: number): Figure => ({
  ...{ name, value: 1, unit: 's', better: 'lower' },
  ...(ratio === undefined ? {} : { ratio }),
});

test('full runs are kept one a line, with what has a ratio', async () => {
  const file = join(folder, 'history.jsonl');
  expect(await readRuns(file)).toEqual([]);
  const measured = new Map([['up', [figure('from nothing', 1.23456), figure('down')]]]);
  await appendRun(file, runOf(taken, measured));
  await appendRun(file, runOf({ ...taken, date: '2026-12-01' }, measured));
  expect(await readFile(file, 'utf8')).toMatch(/^\{"date":"2026-11-30".*\}\n\{"date":"2026-12-01".*\}\n$/);
  expect(await readRuns(file)).toEqual([
    { ...taken, ratios: { 'up/from nothing': 1.23 } },
    { ...taken, date: '2026-12-01', ratios: { 'up/from nothing': 1.23 } },
  ]);
});

test('the chart has a line for each ratio that is guarded, with what became of it', () => {
  const runs: Run[] = [
    { ...taken, ratios: { 'llm/rate': 0.2, 'up/noop': 8 } },
    { ...taken, ratios: { 'llm/rate': 0.4 } },
    { ...taken, ratios: { 'llm/rate': 0.8, 'up/noop': 8, 'gateway/fast-proxy': 1 } },
  ];
  const better = (key: string) =>
    key.startsWith('gateway') ? undefined : key.startsWith('llm') ? ('higher' as const) : ('lower' as const);
  expect(chartOf(runs, better)).toEqual(['llm/rate  ▃▅█  0.2 → 0.8  better', 'up/noop   █ █  8 → 8']);
  expect(chartOf([], better)).toEqual([]);
});

test('the chart stands between its marks, and is drawn anew there', async () => {
  const file = join(folder, 'RESULTS.md');
  const marks = ['<!-- history: npm run bench -- --chart -->', '<!-- /history -->'];
  await writeFile(file, `# Measurements\n\n${marks.join('\n')}\n\n## startup\n`);
  const runs = [{ ...taken, ratios: {} }];
  await writeChart(file, runs, ['one']);
  await writeChart(file, runs, ['two']);
  expect(await readFile(file, 'utf8')).toBe(
    `# Measurements\n\n${marks[0]}\n\n\`\`\`text\ntwo\n\`\`\`\n\nRuns, from left to right: 2026-11-30 (abc1234).\n\n${marks[1]}\n\n## startup\n`,
  );
  await writeFile(file, '# Measurements\n');
  await expect(writeChart(file, runs, [])).rejects.toThrow('has no place for the chart');
});

test('a baseline takes over what was measured, and keeps what was not', async () => {
  const file = join(folder, 'baseline.json');
  expect(await readBaseline(file)).toBeUndefined();
  const machine = { cores: 2, node: '20' };
  const first = withFigures(
    undefined,
    { ...taken, machine },
    new Map([
      ['up', [figure('from nothing', 30.456), figure('with nothing to do', 5)]],
      ['llm', [figure('rate', 0.5)]],
    ]),
  );
  await writeBaseline(file, first);
  expect(await readBaseline(file)).toEqual(first);
  const second = withFigures(
    first,
    { ...taken, commit: 'def', machine },
    new Map([['up', [figure('from nothing', 20)]]]),
  );
  expect(second).toEqual({
    ...{ ...taken, commit: 'def', machine },
    figures: {
      'llm/rate': { ratio: 0.5, better: 'lower' },
      'up/from nothing': { ratio: 20, better: 'lower' },
    },
  });
});
