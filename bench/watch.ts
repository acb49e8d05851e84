import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Benchmark, type Figure, isGuard, quantile } from './guard/figure.ts';
import { processorTime, startOfNode } from './support/processes.ts';
import { type BenchStack, benchStack, CHECKOUT } from './support/stack.ts';

const SAVES = 20;
const IDLE_S = 30;
/** Whoever saves does so after the last change has come through. */
const BETWEEN_MS = 300;
const PROGRAM = join(CHECKOUT, 'bin', 'qbtc.js');
const SERVICE = 'llm-api';

export const benchmark: Benchmark = {
  about:
    '`qbtc dev` on an embedded stack: from saving a file of a service to that service being ready again, and the watch while nothing is saved.',
  async measure(extent) {
    if (isGuard(extent)) return { figures: [] };
    const stack = await benchStack();
    try {
      stack.qbtc('up');
      return { figures: await watched(stack) };
    } finally {
      stack.remove();
    }
  },
};

interface Told {
  event: string;
  restarted?: string[];
}

async function watched(stack: BenchStack): Promise<Figure[]> {
  const watch = spawn(process.execPath, [PROGRAM, 'dev', '--json'], {
    cwd: stack.root,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const lines = createInterface({ input: watch.stdout })[Symbol.asyncIterator]();
  const next = async (event: string): Promise<Told> => {
    const { value, done } = await lines.next();
    if (done === true) throw new Error(`the watch ended before it told "${event}"`);
    const told = JSON.parse(value) as Told;
    if (told.event !== event) throw new Error(`expected "${event}", found ${value}`);
    return told;
  };
  try {
    await next('watching');
    const file = join(stack.root, 'services', SERVICE, 'src', 'main.ts');
    const text = readFileSync(file, 'utf8');
    const saves: number[] = [];
    const node: number[] = [];
    for (let save = 0; save < SAVES; save += 1) {
      await sleep(BETWEEN_MS);
      const before = performance.now();
      writeFileSync(file, `${text}\nprocess.title = 'save ${save}';\n`);
      const { restarted } = await next('applied');
      saves.push((performance.now() - before) / 1000);
      if (restarted?.join() !== SERVICE) throw new Error(`${restarted} started anew, expected ${SERVICE}`);
      node.push(startOfNode() / 1000);
    }
    await sleep(2_000);
    const { pid = 0 } = watch;
    const used = processorTime([pid]);
    await sleep(IDLE_S * 1000);
    const figure = (name: string, value: number, aim: number): Figure => ({
      ...{ name, value, unit: 's', better: 'lower', aim: { value: aim } },
    });
    const peer = { name: 'node -e 0', value: quantile(node, 0.5) };
    return [
      { ...figure('from saving to ready, p50', quantile(saves, 0.5), 0.7), peer },
      { ...figure('from saving to ready, p95', quantile(saves, 0.95), 1.5), peer },
      figure(`processor time of an idle watch in ${IDLE_S} s`, processorTime([pid]) - used, 0.2),
    ];
  } finally {
    watch.kill('SIGINT');
  }
}
