import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Benchmark, figureOf } from './guard/figure.ts';
import { startOfNode } from './support/processes.ts';
import { benchStack } from './support/stack.ts';

const RUNS = 3;

export const benchmark: Benchmark = {
  about:
    '`qbtc up` of the whole slice, all embedded, beside the start of a Node that does nothing: from nothing (cluster created, services bundled), from existing data, with nothing to do.',
  async measure({ rounds = RUNS }) {
    const stack = await benchStack();
    const seconds = {
      nothing: [] as number[],
      data: [] as number[],
      noop: [] as number[],
      down: [] as number[],
    };
    const node: number[] = [];
    try {
      for (let run = 0; run < rounds; run += 1) {
        node.push(startOfNode() / 1000);
        rmSync(join(stack.root, '.qbtc', 'build'), { recursive: true, force: true });
        seconds.nothing.push(stack.qbtc('up'));
        seconds.noop.push(stack.qbtc('up'));
        seconds.down.push(stack.qbtc('down'));
        seconds.data.push(stack.qbtc('up'));
        stack.qbtc('down', '--volumes');
      }
    } finally {
      stack.remove();
    }
    const figure = (name: string, values: readonly number[], aim?: number) =>
      figureOf({
        ...{ name, unit: 's', better: 'lower', values, peer: { name: 'node -e 0', values: node } },
        ...(aim === undefined ? {} : { aim: { value: aim } }),
      });
    return {
      figures: [
        figure('from nothing', seconds.nothing, 3.5),
        figure('from existing data and bundles', seconds.data, 1.5),
        figure('with nothing to do', seconds.noop, 0.5),
        figure('down', seconds.down),
      ],
    };
  },
};
