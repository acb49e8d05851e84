import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

// `qbtc --version` beside a Node that does nothing, in turn, so that a machine that slows down slows both.
const RUNS = 40;
const program = fileURLToPath(new URL('../../bin/qbtc.js', import.meta.url));

function time(args: string[]): number {
  const before = performance.now();
  const { status } = spawnSync(process.execPath, args);
  if (status !== 0) throw new Error(`node ${args.join(' ')} ended with ${status}`);
  return performance.now() - before;
}

const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

const ours: number[] = [];
const bare: number[] = [];
for (let run = 0; run <= RUNS; run += 1) {
  const pair = [time([program, '--version']), time(['-e', '0'])] as const;
  // The first pair warms the disk's cache.
  if (run === 0) continue;
  ours.push(pair[0]);
  bare.push(pair[1]);
}
const ratios = ours.map((value, index) => value / (bare[index] ?? value));
process.stdout.write(
  `qbtc --version: ${median(ours).toFixed(0)} ms, node -e 0: ${median(bare).toFixed(0)} ms, ` +
    `ratio ${median(ratios).toFixed(2)} (median of ${RUNS} pairs; the aim is at most 1.4)\n`,
);
