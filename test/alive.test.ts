import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { isGroupAlive, startTimeOf } from '../src/alive.ts';

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

/** A process that has ended and that nobody has asked for its exit code, in a group of its own; its pid. */
async function zombie(): Promise<number> {
  // The shell is replaced by what never waits for the child that the shell has left it; a child that ended before, the
  // shell would have waited for.
  const script = "exec 3<&0; setsid sh -c 'read _ <&3' & echo $!; exec sleep 600 3<&-";
  const parent = spawn('sh', ['-c', script], { stdio: ['pipe', 'pipe', 'ignore'] });
  ends.push(() => parent.kill('SIGKILL'));
  const [chunk] = (await once(parent.stdout, 'data')) as [Buffer];
  const pid = Number(chunk.toString());
  await expect.poll(() => readFileSync(`/proc/${parent.pid}/comm`, 'utf8')).toBe('sleep\n');
  parent.stdin.end();
  await expect.poll(() => readFileSync(`/proc/${pid}/stat`, 'utf8')).toMatch(/\) Z /);
  return pid;
}

describe('whether a process runs', () => {
  it('is told of this one, and of one that has ended', () => {
    expect(startTimeOf(process.pid)).toMatch(/./);
    for (const pid of [0, -1, 1.5, Number.NaN, 2 ** 22 + 1]) expect(startTimeOf(pid)).toBeUndefined();
    expect(isGroupAlive(2 ** 22 + 1)).toBe(false);
  });

  it.runIf(process.platform === 'linux')('is not so of a zombie, though signals reach it', async () => {
    const pid = await zombie();
    expect(process.kill(pid, 0)).toBe(true);
    expect(startTimeOf(pid)).toBeUndefined();
    expect(isGroupAlive(pid)).toBe(false);
  });
});
