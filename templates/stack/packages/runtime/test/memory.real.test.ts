import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { expect, it } from 'vitest';

/** What it is given keeps its young generation small; much survives each collection, which makes V8 double it. */
const PROGRAM = `
  import { getHeapSpaceStatistics } from 'node:v8';
  import { keepMemorySmall } from './src/memory.ts';
  const [, , most] = process.argv;
  if (most !== undefined) keepMemorySmall(Number(most));
  const kept = [];
  let chunks = 0;
  const allocate = () => {
    kept.push(Array.from({ length: 20_000 }, (_, index) => ({ index })));
    if (kept.length > 10) kept.shift();
    chunks += 1;
    if (chunks < 600) return setImmediate(allocate);
    const { space_size } = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space');
    process.stdout.write(String(space_size / 1024 / 1024));
  };
  allocate();`;

it('the young generation stops growing where it is told to, and nothing keeps the process from its end', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'stack-memory-'));
  try {
    const outfile = join(folder, 'program.cjs');
    await build({
      stdin: { contents: PROGRAM, resolveDir: fileURLToPath(new URL('..', import.meta.url)), loader: 'ts' },
      outfile,
      bundle: true,
      platform: 'node',
      format: 'cjs',
    });
    const megabytes = async (...args: string[]) =>
      Number((await promisify(execFile)(process.execPath, [outfile, ...args])).stdout);
    const left = await megabytes();
    const kept = await megabytes(String(2 * 1024 * 1024));
    expect(left).toBeGreaterThan(16);
    expect(kept).toBeLessThanOrEqual(left / 2);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
