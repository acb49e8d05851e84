import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createStack } from '../src/scaffold/create.ts';
import { createContext } from '../src/system/index.ts';

// `qbtc up` of the whole slice: from nothing, from existing data, and with nothing to do.
const checkout = fileURLToPath(new URL('../..', import.meta.url));
const program = join(checkout, 'bin', 'qbtc.js');
const RUNS = 3;

const folder = mkdtempSync(join(tmpdir(), 'qbtc-bench-'));
const root = join(folder, 'bench');
const context = createContext(process, { root: checkout, version: '0.1.0' }, new AbortController().signal);
await createStack(context, {
  target: root,
  name: 'bench',
  install: 'reuse',
  reuseFrom: join(checkout, 'node_modules'),
  git: false,
  templateFolder: join(checkout, 'templates', 'stack'),
  onStep() {},
});

function qbtc(...args: string[]): number {
  const before = performance.now();
  const { status, stderr } = spawnSync(process.execPath, [program, ...args], { cwd: root, encoding: 'utf8' });
  if (status !== 0) throw new Error(`qbtc ${args.join(' ')} ended with ${status}: ${stderr}`);
  return (performance.now() - before) / 1000;
}

const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
const figures = { nothing: [] as number[], data: [] as number[], noop: [] as number[], down: [] as number[] };
try {
  for (let run = 0; run < RUNS; run += 1) {
    rmSync(join(root, '.qbtc', 'build'), { recursive: true, force: true });
    figures.nothing.push(qbtc('up'));
    figures.noop.push(qbtc('up'));
    figures.down.push(qbtc('down'));
    figures.data.push(qbtc('up'));
    qbtc('down', '--volumes');
  }
} finally {
  spawnSync(process.execPath, [program, 'down', '--volumes'], { cwd: root });
  rmSync(folder, { recursive: true, force: true });
}
process.stdout.write(
  [
    `up from nothing (cluster created, services bundled): ${median(figures.nothing).toFixed(2)} s (the aim is 4)`,
    `up from existing data and bundles: ${median(figures.data).toFixed(2)} s (the aim is 2)`,
    `up with nothing to do: ${median(figures.noop).toFixed(2)} s`,
    `down: ${median(figures.down).toFixed(2)} s`,
    `(medians of ${RUNS} runs)`,
    '',
  ].join('\n'),
);
