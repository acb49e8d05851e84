import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { PROGRAM } from '../support/qbtc.ts';
import { temporaryFolder } from '../support/quiet-context.ts';

/** Runs qbtc and goes away from one of its streams at once. */
async function exitCodeWithout(stream: 'stdout' | 'stderr', args: string[]): Promise<number> {
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    cwd: await temporaryFolder(),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child[stream].destroy();
  child[stream === 'stdout' ? 'stderr' : 'stdout'].resume();
  const [code] = await once(child, 'exit');
  return code;
}

test('a reader that goes away does not change the exit code', async () => {
  // The document with the error goes to stdout, without --json to stderr.
  expect(await exitCodeWithout('stdout', ['status', '--json'])).toBe(1);
  expect(await exitCodeWithout('stderr', ['status'])).toBe(1);
  expect(await exitCodeWithout('stdout', ['--help'])).toBe(0);
});
