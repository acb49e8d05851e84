import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type Benchmark, figureOf } from './guard/figure.ts';

const RUNS = 40;
const RUNS_OF_A_ROUND = 6;
const SHORT_RUNS = 12;
const program = fileURLToPath(new URL('../../bin/qbtc.js', import.meta.url));

export const benchmark: Benchmark = {
  about:
    '`qbtc --version` beside a Node that does nothing, in turn, so that a machine that slows down slows both.',
  async measure({ rounds, short = false }) {
    const runs = short ? SHORT_RUNS : rounds === undefined ? RUNS : rounds * RUNS_OF_A_ROUND;
    // The first pair warms the disk's cache.
    const pairs = Array.from(
      { length: runs + 1 },
      () => [time([program, '--version']), time(['-e', '0'])] as const,
    );
    const [ours, bare] = [0, 1].map((index) => pairs.slice(1).map((pair) => pair[index] ?? 0));
    return {
      figures: [
        figureOf({
          name: 'qbtc --version',
          unit: 'ms',
          better: 'lower',
          values: ours ?? [],
          peer: { name: 'node -e 0', values: bare ?? [] },
          aim: { ratio: 1.4 },
        }),
      ],
    };
  },
};

/** Milliseconds. */
function time(args: string[]): number {
  const before = performance.now();
  const { status } = spawnSync(process.execPath, args);
  if (status !== 0) throw new Error(`node ${args.join(' ')} ended with ${status}`);
  return performance.now() - before;
}
