import { join } from 'node:path';
import {
  type Baseline,
  benchmarkOf,
  keyOf,
  readBaseline,
  thisMachine,
  withFigures,
  writeBaseline,
} from './baseline.ts';
import { type Comparison, compare, pooled } from './compare.ts';
import type { Extent, Figure } from './figure.ts';
import { appendRun, chartOf, readRuns, runOf, writeChart } from './history.ts';
import { type Order, orderOf } from './order.ts';
import { checkLines, figureLines, type MemberResult } from './report.ts';

export interface Door {
  /** The words behind `npm run bench --`. */
  words: readonly string[];
  /** Names of all benchmarks. */
  all: readonly string[];
  /** The folder of the benchmarks. */
  folder: string;
  /** Runs one in a process of its own; `undefined` where it has failed, or was stopped at its deadline. */
  run(name: string, extent: Extent, deadline?: number): Promise<MemberResult | undefined>;
  /** The commit that is measured, in short. */
  commit(): string;
  say(line: string): void;
}

/** By how much a ratio may be worse. */
const BOUND = 1.15;
const SHORT_BOUND = 2;
const CHECK_ROUNDS = 7;
/** How often what is not sure is measured, in all. */
const TRIES = 3;
/** What CI measures, and how long it takes at most. */
export const SHORT = ['startup', 'cache', 'routes', 'gateway'];
const SHORT_MS = 110_000;

/** The exit code of `npm run bench`: 1 where a benchmark failed, 2 where something got slower, 64 for words that say nothing. */
export async function main(door: Door): Promise<number> {
  let order: Order;
  try {
    order = orderOf(door.words, door.all);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
    return 64;
  }
  const files = {
    baseline: join(door.folder, 'baseline.json'),
    history: join(door.folder, 'history.jsonl'),
    results: join(door.folder, 'RESULTS.md'),
  };
  const baseline = await readBaseline(files.baseline);
  const chart = async () => {
    const runs = await readRuns(files.history);
    await writeChart(
      files.results,
      runs,
      chartOf(runs, (key) => baseline?.figures[key]?.better),
    );
  };
  if (order.mode === 'chart') {
    await chart();
    return 0;
  }
  if (order.mode === 'check') return check(door, order, baseline);

  const names = order.names.length > 0 ? order.names : door.all;
  // The baseline is taken as it is compared with.
  const extent = order.mode === 'save' ? { rounds: CHECK_ROUNDS } : {};
  const { measured, failed } = await measureAll(door, names, extent);
  const taken = { date: new Date().toISOString().slice(0, 10), commit: door.commit() };
  if (order.mode === 'save')
    await writeBaseline(
      files.baseline,
      withFigures(baseline, { ...taken, machine: thisMachine() }, measured),
    );
  if (order.mode === 'print' && order.names.length === 0 && failed.length === 0) {
    await appendRun(files.history, runOf(taken, measured));
    await chart();
  }
  return failed.length === 0 ? 0 : 1;
}

async function check(door: Door, { names, short }: Order, baseline: Baseline | undefined): Promise<number> {
  if (baseline === undefined) {
    process.stderr.write('there is no bench/baseline.json to compare with: npm run bench -- --save\n');
    return 1;
  }
  const known = new Set(Object.keys(baseline.figures).map(benchmarkOf));
  const asked = names.length > 0 ? names : short ? SHORT : door.all.filter((name) => known.has(name));
  const end = short ? Date.now() + SHORT_MS : undefined;
  const bound = short ? SHORT_BOUND : BOUND;
  const extent: Extent = short ? { short } : { rounds: CHECK_ROUNDS };
  const { measured, failed, stopped } = await measureAll(door, asked, extent, end);
  let comparisons = compareAll(baseline, measured, bound);
  for (let tried = 1; tried < TRIES && (end ?? Number.POSITIVE_INFINITY) > Date.now(); tried += 1) {
    const unsure = new Set(
      comparisons.filter(({ verdict }) => verdict === 'unsure').map(({ name }) => benchmarkOf(name)),
    );
    if (unsure.size === 0) break;
    const again = await measureAll(door, [...unsure], extent, end);
    for (const [name, figures] of again.measured)
      measured.set(name, pooled(measured.get(name) ?? [], figures));
    comparisons = compareAll(baseline, measured, bound);
  }
  const found = new Set(comparisons.map(({ name }) => name));
  const machine = thisMachine();
  const lines = checkLines({
    bound,
    comparisons,
    // The short form does not measure all of it.
    missing: short
      ? [...failed, ...stopped]
      : Object.keys(baseline.figures).filter((key) => asked.includes(benchmarkOf(key)) && !found.has(key)),
    fresh: [...measured].flatMap(([name, figures]) =>
      figures
        .filter(({ ratio }) => ratio !== undefined)
        .map((figure) => keyOf(name, figure))
        .filter((key) => !(key in baseline.figures)),
    ),
    differences: (['cores', 'node'] as const)
      .filter((key) => machine[key] !== baseline.machine[key])
      .map((key) => `${key} ${baseline.machine[key]} there, ${machine[key]} here`),
  });
  door.say('\n## compared with the baseline\n');
  for (const line of lines) door.say(line);
  if (comparisons.some(({ verdict }) => verdict === 'slower')) return 2;
  return failed.length > 0 ? 1 : 0;
}

function compareAll(
  baseline: Baseline,
  measured: ReadonlyMap<string, readonly Figure[]>,
  bound: number,
): Comparison[] {
  return [...measured].flatMap(([benchmark, figures]) =>
    figures.flatMap((figure) => {
      const key = keyOf(benchmark, figure);
      const before = baseline.figures[key];
      const comparison = before === undefined ? undefined : compare(key, figure, before, bound);
      return comparison === undefined ? [] : [comparison];
    }),
  );
}

async function measureAll(door: Door, names: readonly string[], extent: Extent, deadline?: number) {
  const measured = new Map<string, readonly Figure[]>();
  const failed: string[] = [];
  /** For what there was no time: that is no failure. */
  const stopped: string[] = [];
  for (const name of names) {
    door.say(`\n## ${name}\n`);
    const result = await door.run(name, extent, deadline);
    if (result === undefined) {
      const late = deadline !== undefined && Date.now() >= deadline;
      (late ? stopped : failed).push(name);
      continue;
    }
    measured.set(name, result.figures);
    for (const line of figureLines(result)) door.say(line);
  }
  return { measured, failed, stopped };
}
