import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseDocument, type Scalar, type YAMLMap } from 'yaml';
import { openStack, STACK_FILE } from '../../src/config/load.ts';
import type { Stack } from '../../src/model/stack.ts';
import { readState } from '../../src/runtimes/processes/state.ts';
import { listAddons } from '../../src/scaffold/addons.ts';
import { createStack } from '../../src/scaffold/create.ts';
import { createContext } from '../../src/system/index.ts';
import { type Memory, memoryOf } from './processes.ts';

// Benchmarks are bundled into a folder below theirs.
export const CHECKOUT = fileURLToPath(new URL('../..', import.meta.url));

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
    version: installation.version,
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
