/**
 * The closed loop: a whole `qbtc score` as the user waits for it, from a kill to a recovery that the flows prove, part by
 * part, and what `qbtc heal --watch` costs when nothing happens.
 *
 *   npm run bench -- loop
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { takeScore } from '../src/lifecycle/score.ts';
import type { Score } from '../src/model/score.ts';
import { observeResources } from '../src/observe/resources.ts';
import { createContext } from '../src/system/index.ts';
import { quietContext } from '../test/support/quiet-context.ts';
import { benchStack, CHECKOUT, median } from './support.ts';

const RUNS = 7;
const IDLE_S = 60;
const TICKS_PER_SECOND = 100;
const POLL_MS = 50;
const PROGRAM = join(CHECKOUT, 'bin', 'qbtc.js');

const print = (text: string) => process.stdout.write(`${text}\n`);
const seconds = (value: number) => `${value.toFixed(2)} s`;
const context = {
  ...createContext(process, { root: CHECKOUT, version: '0.1.0' }, new AbortController().signal),
  io: quietContext().io,
};

const stack = await benchStack();
try {
  stack.qbtc('up');
  const opened = await stack.open();

  const whole = Array.from({ length: RUNS }, () => stack.qbtc('score'));
  const { total, tookMs } = JSON.parse(stack.output('score', '--json')) as Score & { tookMs: number };
  print(
    `qbtc score of ${total} points: ${seconds(median(whole))} (median of ${RUNS}), ${tookMs} ms of it looking`,
  );

  const parts = [...opened.resources, ...opened.services].map(({ name }) => name);
  for (const name of parts) {
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
    print(
      `kill -9 of ${name}: answers after ${seconds(answers / 1000)}, score 100 after ${seconds(proven / 1000)}`,
    );
  }

  const watch = spawn(process.execPath, [PROGRAM, 'heal', '--watch'], { cwd: stack.root, stdio: 'ignore' });
  try {
    const { pid = 0 } = watch;
    await sleep(5_000);
    const ticks = cpuTicks(pid);
    await sleep(IDLE_S * 1000);
    const used = (cpuTicks(pid) - ticks) / TICKS_PER_SECOND;
    print(
      `heal --watch idle: ${used.toFixed(2)} s of CPU in ${IDLE_S} s (${((100 * used) / IDLE_S).toFixed(2)} %), ${residentMb(pid).toFixed(0)} MB`,
    );
  } finally {
    watch.kill('SIGINT');
  }
} finally {
  stack.remove();
}

/** The processor time of a process so far (proc(5): utime and stime, the 14th and 15th field). */
function cpuTicks(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return Number(fields[11]) + Number(fields[12]);
}

function residentMb(pid: number): number {
  const [, kilobytes = '0'] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) / 1024;
}
