import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { benchStack, median } from './support.ts';

// `qbtc up` of the whole slice: from nothing, from existing data, and with nothing to do.
const RUNS = 3;

const stack = await benchStack();
const figures = { nothing: [] as number[], data: [] as number[], noop: [] as number[], down: [] as number[] };
try {
  for (let run = 0; run < RUNS; run += 1) {
    rmSync(join(stack.root, '.qbtc', 'build'), { recursive: true, force: true });
    figures.nothing.push(stack.qbtc('up'));
    figures.noop.push(stack.qbtc('up'));
    figures.down.push(stack.qbtc('down'));
    figures.data.push(stack.qbtc('up'));
    stack.qbtc('down', '--volumes');
  }
} finally {
  stack.remove();
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
