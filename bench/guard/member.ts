import { writeFile } from 'node:fs/promises';
import type { Benchmark, Extent } from './figure.ts';

/** How `run.mjs` tells a benchmark's process how much to measure, and where the figures go. */
const TASK = 'BENCH_TASK';

interface Task {
  extent: Extent;
  result: string;
}

/** What the process of a benchmark does: measures, and writes down what came of it. */
export async function runMember(benchmark: Benchmark | undefined): Promise<void> {
  // A script of one's own, which has done its work by being loaded.
  if (benchmark === undefined) return;
  if ((await benchmark.playsRole?.()) === true) return;
  const { extent, result } = JSON.parse(process.env[TASK] ?? '{}') as Task;
  // What is started from here gets no task of its own.
  delete process.env[TASK];
  const { figures, notes = [] } = await benchmark.measure(extent);
  await writeFile(result, JSON.stringify({ about: benchmark.about, figures, notes }));
}
