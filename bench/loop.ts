import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { takeScore } from '../src/lifecycle/score.ts';
import { observeResources } from '../src/observe/resources.ts';
import { createContext } from '../src/system/index.ts';
import { quietContext } from '../test/support/quiet-context.ts';
import { type Benchmark, type Figure, figureOf, isGuard } from './guard/figure.ts';
import { memoryOf, processorTime, startOfNode } from './support/processes.ts';
import { type BenchStack, benchStack, CHECKOUT } from './support/stack.ts';

const RUNS = 7;
const IDLE_S = 60;
const POLL_MS = 50;
const PROGRAM = join(CHECKOUT, 'bin', 'qbtc.js');

export const benchmark: Benchmark = {
  about:
    'The closed loop on an embedded stack: a whole `qbtc score`, from a kill -9 to the first answer and to a score of 100 with all flows passed, and `heal --watch` when nothing happens.',
  async measure(extent) {
    const stack = await benchStack();
    try {
      stack.qbtc('up');
      const figures = scores(stack, extent.rounds ?? RUNS);
      if (!isGuard(extent)) figures.push(...(await recoveries(stack)), ...(await idleWatch(stack)));
      return { figures };
    } finally {
      stack.remove();
    }
  },
};

function scores(stack: BenchStack, rounds: number): Figure[] {
  const pairs = Array.from({ length: rounds }, () => [stack.qbtc('score'), startOfNode() / 1000] as const);
  const { tookMs } = JSON.parse(stack.output('score', '--json')) as { tookMs: number };
  return [
    figureOf({
      ...{ name: 'a whole qbtc score', unit: 's', better: 'lower', aim: { value: 1.5 } },
      values: pairs.map(([score]) => score),
      peer: { name: 'node -e 0', values: pairs.map(([, node]) => node) },
    }),
    { name: 'looking, of it', value: tookMs / 1000, unit: 's', better: 'lower' },
  ];
}

async function recoveries(stack: BenchStack): Promise<Figure[]> {
  const context = {
    ...createContext(process, { root: CHECKOUT, version: '0.1.0' }, new AbortController().signal),
    io: quietContext().io,
  };
  const opened = await stack.open();
  const figures: Figure[] = [];
  for (const { name } of [...opened.resources, ...opened.services]) {
    const { resources } = await observeResources(context, opened);
    const pid = resources.find((part) => part.name === name)?.pid;
    if (pid === undefined) throw new Error(`${name} has no process`);
    const before = performance.now();
    process.kill(pid, 'SIGKILL');
    let answers: number | undefined;
    for (;;) {
      const { resources: now } = await observeResources(context, opened);
      const back = now.find((part) => part.name === name);
      if (back?.state === 'active' && back.pid !== pid) {
        answers ??= performance.now() - before;
        if (now.every(({ state }) => state === 'active')) {
          const { score } = await takeScore(context, opened);
          if (score.total === 100) break;
        }
      }
      await sleep(POLL_MS);
    }
    const proven = performance.now() - before;
    const figure = { unit: 's', better: 'lower' } as const;
    figures.push(
      { ...figure, name: `kill -9 of ${name}: answers after`, value: answers / 1000 },
      { ...figure, name: `kill -9 of ${name}: score 100 after`, value: proven / 1000 },
    );
  }
  return figures;
}

async function idleWatch(stack: BenchStack): Promise<Figure[]> {
  const watch = spawn(process.execPath, [PROGRAM, 'heal', '--watch'], { cwd: stack.root, stdio: 'ignore' });
  try {
    const { pid = 0 } = watch;
    await sleep(5_000);
    const before = processorTime([pid]);
    await sleep(IDLE_S * 1000);
    const used = processorTime([pid]) - before;
    return [
      { name: 'heal --watch idle, of a core', value: (100 * used) / IDLE_S, unit: '%', better: 'lower' },
      {
        name: 'heal --watch idle, resident',
        value: memoryOf([pid]).resident,
        unit: 'MB',
        better: 'lower',
        aim: { value: 80 },
      },
    ];
  } finally {
    watch.kill('SIGINT');
  }
}
