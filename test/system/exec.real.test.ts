import { readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startTimeOf } from '../../src/alive.ts';
import { createExec } from '../../src/system/exec.ts';

const exec = createExec();
const isPosix = process.platform !== 'win32';

/** A shell that starts another program and waits for it; the program says who it is, and may not listen to signals. */
async function interrupted(ignores: string, withChildren: boolean): Promise<number> {
  const file = join(tmpdir(), `qbtc-exec-${process.pid}-${Math.random()}`);
  onTestFinished(() => rm(file, { force: true }));
  const end = new AbortController();
  const child = `sh -c '${ignores} echo $$ > ${file}; while :; do sleep 0.1; done'`;
  const done = exec('sh', ['-c', `${child}; true`], { signal: end.signal, withChildren });
  await expect.poll(() => readFile(file, 'utf8').catch(() => '')).toMatch(/\d\n/);
  end.abort();
  await done;
  return Number(await readFile(file, 'utf8'));
}

test.skipIf(!isPosix).each(['', 'trap "" TERM;'])(
  'what a program has started ends with it (%s)',
  async (ignores) => {
    const pid = await interrupted(ignores, true);
    await expect.poll(() => startTimeOf(pid)).toBeUndefined();
  },
  30_000,
);

test('a program that ends by itself leaves what it has started, and its code is given', async () => {
  expect(await exec('sh', ['-c', 'exit 3'], { withChildren: true })).toMatchObject({ exitCode: 3 });
});
