import { existsSync, readFileSync } from 'node:fs';
import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { readBaseline } from '../../bench/guard/baseline.ts';
import { chartOf, readRuns, writeChart } from '../../bench/guard/history.ts';
import { isGroupAlive } from '../../src/alive.ts';

const BENCH = fileURLToPath(new URL('../../bench', import.meta.url));

test('the door refuses names that there are not, and names those that there are', async () => {
  const { exitCode, stderr } = await execa(process.execPath, [join(BENCH, 'run.mjs'), 'nix'], {
    reject: false,
  });
  expect(exitCode).toBe(64);
  const files = (await readdir(BENCH)).filter((file) => file.endsWith('.ts'));
  expect(stderr).toBe(
    `no benchmark named nix; there are: ${files.map((file) => file.slice(0, -3)).join(', ')}`,
  );
});

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('%s ends a run with all that it has started', async (signal, code) => {
  const run = execa(process.execPath, [join(BENCH, 'run.mjs'), 'startup'], { reject: false });
  const member = () => memberOf(run.pid ?? 0);
  await expect.poll(member).toBeDefined();
  const { pid, folder } = member() ?? { pid: 0, folder: '' };
  run.kill(signal);
  expect(await run).toMatchObject({ exitCode: code });
  expect(existsSync(folder)).toBe(false);
  await expect.poll(() => isGroupAlive(pid)).toBe(false);
});

/** The process of the benchmark that runs, and the folder of the run. */
function memberOf(run: number): { pid: number; folder: string } | undefined {
  const children = readFileSync(`/proc/${run}/task/${run}/children`, 'utf8').match(/\d+/g) ?? [];
  for (const pid of children) {
    const [, file = ''] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    if (basename(file) === 'startup.mjs') return { pid: Number(pid), folder: dirname(file) };
  }
  return undefined;
}

test('the chart in RESULTS.md shows the history as it is', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'qbtc-guard-'));
  try {
    const drawn = join(folder, 'RESULTS.md');
    await cp(join(BENCH, 'RESULTS.md'), drawn);
    const runs = await readRuns(join(BENCH, 'history.jsonl'));
    const baseline = await readBaseline(join(BENCH, 'baseline.json'));
    await writeChart(
      drawn,
      runs,
      chartOf(runs, (key) => baseline?.figures[key]?.better),
    );
    expect(await readFile(drawn, 'utf8')).toBe(await readFile(join(BENCH, 'RESULTS.md'), 'utf8'));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
