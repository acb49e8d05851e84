import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Agent, request } from 'undici';
import { parseDocument, type Scalar, type YAMLMap } from 'yaml';
import { openStack, STACK_FILE } from '../src/config/load.ts';
import type { Stack } from '../src/model/stack.ts';
import { readState } from '../src/runtimes/processes/state.ts';
import { listAddons } from '../src/scaffold/addons.ts';
import { createStack } from '../src/scaffold/create.ts';
import { createContext } from '../src/system/index.ts';
import { median } from './guard/figure.ts';

// Benchmarks are bundled into a folder below this one.
export const CHECKOUT = fileURLToPath(new URL('../..', import.meta.url));

export { median, quantile } from './guard/figure.ts';

export interface BenchStack {
  root: string;
  /** Runs qbtc in it and gives the seconds that it took. */
  qbtc(...args: string[]): number;
  /** Runs qbtc in it and gives what it has printed. */
  output(...args: string[]): string;
  open(): Promise<Stack>;
  remove(): void;
}

/**
 * A stack as `qbtc new` makes it, at free ports, its packages linked from this checkout. Its resources are embedded
 * unless `undecided`.
 */
export async function benchStack({ undecided = false, env = {} } = {}): Promise<BenchStack> {
  const folder = mkdtempSync(join(tmpdir(), 'qbtc-bench-'));
  const root = join(folder, 'bench');
  const installation = { root: CHECKOUT, version: '0.1.0' };
  const context = createContext(process, installation, new AbortController().signal);
  await createStack(context, {
    target: root,
    name: 'bench',
    install: 'reuse',
    reuseFrom: join(CHECKOUT, 'node_modules'),
    git: false,
    templateFolder: join(CHECKOUT, 'templates', 'stack'),
    addons: await listAddons(CHECKOUT),
    gatewayFolder: join(CHECKOUT, 'apisix_conf'),
    onStep() {},
  });
  if (!undecided) {
    const file = join(root, STACK_FILE);
    const document = parseDocument(readFileSync(file, 'utf8'));
    for (const { key } of (document.get('infrastructure') as YAMLMap<Scalar<string>>).items)
      document.setIn(['infrastructure', key.value, 'provider'], 'embedded');
    writeFileSync(file, document.toString({ lineWidth: 0 }));
  }
  const program = join(CHECKOUT, 'bin', 'qbtc.js');
  const run = (args: string[]) =>
    spawnSync(process.execPath, [program, ...args], {
      cwd: root,
      encoding: 'utf8',
      env: { ...process.env, ...env },
    });
  const output = (args: string[]) => {
    const { status, stderr, stdout } = run(args);
    if (status !== 0) throw new Error(`qbtc ${args.join(' ')} ended with ${status}: ${stderr}`);
    return stdout;
  };
  return {
    root,
    qbtc(...args) {
      const before = performance.now();
      output(args);
      return (performance.now() - before) / 1000;
    },
    output: (...args) => output(args),
    open: () =>
      openStack({ file: join(root, STACK_FILE), env: process.env, qbtcVersion: installation.version }),
    remove() {
      run(['down', '--volumes']);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const STARTS_OF_NODE = 5;

/** Milliseconds that a Node takes which does nothing. */
export function startOfNode(): number {
  const starts = Array.from({ length: STARTS_OF_NODE }, () => {
    const before = performance.now();
    spawnSync(process.execPath, ['-e', '0']);
    return performance.now() - before;
  });
  return median(starts);
}

/** Ticks of the kernel's clock in a second, as `/proc` counts processor time. */
const TICKS = 100;

/** The processes that are there: their parents, and the seconds of processor time that each has used. */
function processes(): Map<number, { parent: number; seconds: number }> {
  return new Map(
    readdirSync('/proc').flatMap((entry) => {
      if (!/^\d+$/.test(entry)) return [];
      try {
        const stat = readFileSync(`/proc/${entry}/stat`, 'utf8');
        // The name before them, in brackets, may hold anything.
        const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
        const seconds = (Number(fields[11]) + Number(fields[12])) / TICKS;
        return [[Number(entry), { parent: Number(fields[1]), seconds }] as const];
      } catch {
        // It has ended meanwhile.
        return [];
      }
    }),
  );
}

/** These processes, and those that they have started. */
function withStarted(pids: Iterable<number>, all: ReadonlyMap<number, { parent: number }>): Set<number> {
  const found = new Set(pids);
  // A process may have a lower number than its parent.
  for (let before = -1; before !== found.size; ) {
    before = found.size;
    for (const [pid, { parent }] of all) if (found.has(parent)) found.add(pid);
  }
  return found;
}

/** Seconds of processor time that these processes have used, and those that they have started. */
export function processorTime(pids: Iterable<number>): number {
  const all = processes();
  return [...withStarted(pids, all)].reduce((sum, pid) => sum + (all.get(pid)?.seconds ?? 0), 0);
}

/** A part of the stack that runs as a process. */
export interface Part {
  name: string;
  kind: string;
  pid: number;
}

export function partsOf(stack: BenchStack): Part[] {
  const { resources } = JSON.parse(stack.output('status', '--json')) as {
    resources: { name: string; kind: string; pid: number | null }[];
  };
  return resources.flatMap(({ name, kind, pid }) => (pid === null ? [] : [{ name, kind, pid }]));
}

/** Megabytes. */
export interface Memory {
  /** What is shared with others is counted in full: the sum of several processes is more than a machine has given. */
  resident: number;
  /** What is shared with others is divided by their number (PSS): what a machine pays. */
  proportional: number;
}

/** The memory of these processes, and of those that they have started. */
export function memoryOf(pids: Iterable<number>): Memory {
  const sum = { resident: 0, proportional: 0 };
  for (const pid of withStarted(pids, processes())) {
    const text = rollup(pid);
    sum.resident += megabytes(text, 'Rss');
    sum.proportional += megabytes(text, 'Pss');
  }
  return sum;
}

/** The memory of each part, by its name, and of all of them with the supervisor. */
export async function memoryOfStack(
  stack: BenchStack,
): Promise<{ parts: ReadonlyMap<string, Memory>; whole: Memory }> {
  const parts = partsOf(stack);
  const { supervisor } = (await readState(stack.root)) ?? {};
  return {
    parts: new Map(parts.map(({ name, pid }) => [name, memoryOf([pid])])),
    whole: memoryOf([...(supervisor === undefined ? [] : [supervisor.pid]), ...parts.map(({ pid }) => pid)]),
  };
}

export function inMegabytes({ resident, proportional }: Memory): string {
  return `${resident.toFixed(0)} MB resident, ${proportional.toFixed(0)} MB proportional`;
}

/** See proc(5); empty for a process that has ended. */
function rollup(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  } catch {
    return '';
  }
}

function megabytes(text: string, key: string): number {
  const [, kilobytes = '0'] = new RegExp(`^${key}:\\s+(\\d+) kB`, 'm').exec(text) ?? [];
  return Number(kilobytes) / 1024;
}

/** One request; the number is another one each time, so that no two ask for the same. Rejects unless it is answered well. */
export type Ask = (index: number) => Promise<void>;

/** Posts what `question` gives, on so many connections. */
export function asker(target: string, { headers = {}, connections, question }: Asked): Ask {
  const dispatcher = new Agent({ connections, pipelining: 1 });
  return async (index) => {
    const { statusCode, body } = await request(target, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: question(index),
      dispatcher,
    });
    const text = await body.text();
    if (statusCode !== 200) throw new Error(`${statusCode}: ${text}`);
  };
}

interface Asked {
  headers?: Record<string, string>;
  connections: number;
  question: (index: number) => string;
}

let asked = 0;

/** Milliseconds that each request took, one after the other. */
export async function oneAfterAnother(
  ask: Ask,
  { warmUp, requests }: { warmUp: number; requests: number },
): Promise<number[]> {
  const durations: number[] = [];
  for (let count = -warmUp; count < requests; count += 1) {
    asked += 1;
    const before = performance.now();
    await ask(asked);
    if (count >= 0) durations.push(performance.now() - before);
  }
  return durations;
}

/** Requests a second with so many in flight. */
export async function inFlight(
  ask: Ask,
  { requests, inFlight: many }: { requests: number; inFlight: number },
): Promise<number> {
  let left = requests;
  const before = performance.now();
  await Promise.all(
    Array.from({ length: many }, async () => {
      while (left > 0) {
        left -= 1;
        asked += 1;
        await ask(asked);
      }
    }),
  );
  return requests / ((performance.now() - before) / 1000);
}
