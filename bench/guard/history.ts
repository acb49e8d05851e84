import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { keyOf, rounded } from './baseline.ts';
import type { Better, Figure } from './figure.ts';

/** One full run. */
export interface Run {
  date: string;
  commit: string;
  /** By `BENCHMARK/NAME OF THE FIGURE`. */
  ratios: Record<string, number>;
}

export async function appendRun(file: string, run: Run): Promise<void> {
  await appendFile(file, `${JSON.stringify(run)}\n`);
}

export async function readRuns(file: string): Promise<Run[]> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Run]));
}

export function runOf(
  taken: Pick<Run, 'date' | 'commit'>,
  measured: ReadonlyMap<string, readonly Figure[]>,
): Run {
  const ratios = [...measured].flatMap(([benchmark, figures]) =>
    figures.flatMap((figure): [string, number][] =>
      figure.ratio === undefined ? [] : [[keyOf(benchmark, figure), rounded(figure.ratio)]],
    ),
  );
  return { ...taken, ratios: Object.fromEntries(ratios) };
}

const STEPS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/** So many runs fit beside a name. */
const SHOWN = 24;

/**
 * A line for each ratio of which is known what is better: its runs as bars from none to its greatest, the first and the last
 * of them, and how that went.
 */
export function chartOf(runs: readonly Run[], better: (key: string) => Better | undefined): string[] {
  const shown = runs.slice(-SHOWN);
  const keys = [...new Set(shown.flatMap(({ ratios }) => Object.keys(ratios)))]
    .filter((key) => better(key) !== undefined)
    .toSorted();
  const width = Math.max(0, ...keys.map((key) => key.length));
  return keys.map((key) => {
    const values = shown.map(({ ratios }) => ratios[key]);
    const known = values.filter((value) => value !== undefined);
    const most = Math.max(...known);
    const bars = values.map((value) => (value === undefined ? ' ' : barOf(value, most))).join('');
    const [first = 0, last = 0] = [known[0], known.at(-1)];
    const isBetter = last < first === (better(key) === 'lower');
    const went = first === last ? '' : isBetter ? '  better' : '  worse';
    return `${key.padEnd(width)}  ${bars}  ${rounded(first)} → ${rounded(last)}${went}`;
  });
}

function barOf(value: number, most: number): string {
  return STEPS[Math.min(STEPS.length - 1, Math.floor((value / most) * STEPS.length))] ?? ' ';
}

const BEGIN = '<!-- history: npm run bench -- --chart -->';
const END = '<!-- /history -->';

/** Puts the chart between its marks in RESULTS.md. */
export async function writeChart(
  file: string,
  runs: readonly Run[],
  lines: readonly string[],
): Promise<void> {
  const text = await readFile(file, 'utf8');
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`${file} has no place for the chart: ${BEGIN} and ${END}`);
  const when = runs.map(({ date, commit }) => `${date} (${commit})`).slice(-SHOWN);
  const chart = ['```text', ...lines, '```', '', `Runs, from left to right: ${when.join(', ')}.`].join('\n');
  await writeFile(file, `${text.slice(0, begin)}${BEGIN}\n\n${chart}\n\n${text.slice(end)}`);
}
