import { readFile, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import type { Before } from './compare.ts';
import type { Figure } from './figure.ts';

export interface Baseline {
  /** When, of which commit, and where it was taken. */
  date: string;
  commit: string;
  machine: Machine;
  /** By `BENCHMARK/NAME OF THE FIGURE`. */
  figures: Record<string, Before>;
}

export interface Machine {
  cores: number;
  node: string;
}

export const thisMachine = (): Machine => ({
  cores: availableParallelism(),
  node: `${process.versions.node.split('.')[0]}`,
});

/** Under which it is kept. */
export const keyOf = (benchmark: string, { name }: Pick<Figure, 'name'>) => `${benchmark}/${name}`;

/** The baseline of the checkout; `undefined` where none was written. */
export async function readBaseline(file: string): Promise<Baseline | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Baseline;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Those of the benchmarks that ran, in the place of what was there of them. */
export function withFigures(
  baseline: Baseline | undefined,
  taken: Pick<Baseline, 'date' | 'commit' | 'machine'>,
  measured: ReadonlyMap<string, readonly Figure[]>,
): Baseline {
  const kept = Object.entries(baseline?.figures ?? {}).filter(([key]) => !measured.has(benchmarkOf(key)));
  const added = [...measured].flatMap(([benchmark, figures]) =>
    figures.flatMap((figure): [string, Before][] => {
      const { ratio, better } = figure;
      return ratio === undefined ? [] : [[keyOf(benchmark, figure), { ratio: rounded(ratio), better }]];
    }),
  );
  return {
    ...taken,
    figures: Object.fromEntries([...kept, ...added].toSorted(([a], [b]) => (a < b ? -1 : 1))),
  };
}

export const benchmarkOf = (key: string) => key.slice(0, key.indexOf('/'));

export async function writeBaseline(file: string, baseline: Baseline): Promise<void> {
  await writeFile(file, `${JSON.stringify(baseline, null, 2)}\n`);
}

/** Three digits tell all that a ratio can. */
export const rounded = (ratio: number) => Number(ratio.toPrecision(3));
