import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { withLock } from '../../src/lifecycle/lock.ts';
import { quietContext, temporaryFolder } from '../support/quiet-context.ts';

const context = quietContext();

test('one at a time: the second is told who holds the lock', async () => {
  const root = await temporaryFolder();
  await withLock(root, 'qbtc up', async () => {
    await expect(withLock(root, 'qbtc down', async () => 'never')).rejects.toMatchObject({
      code: 'LOCKED',
      message: expect.stringContaining(`qbtc up (pid ${process.pid})`),
    });
  });
  expect(await withLock(root, 'qbtc down', async () => 'now')).toBe('now');
});

test('is given back when the work fails, and taken over from one that was killed', async () => {
  const root = await temporaryFolder();
  await expect(
    withLock(root, 'qbtc up', async () => {
      throw new Error('no');
    }),
  ).rejects.toThrow('no');

  const holder = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)']);
  const pid = holder.pid ?? 0;
  const startTime = await context.host.processStartTime(pid);
  const file = join(root, '.qbtc', 'lock');
  await writeFile(file, JSON.stringify({ pid, startTime, command: 'qbtc up' }));
  await expect(withLock(root, 'qbtc down', async () => 1)).rejects.toMatchObject({ code: 'LOCKED' });
  const ended = once(holder, 'exit');
  holder.kill('SIGKILL');
  await ended;
  expect(await withLock(root, 'qbtc down', async () => readFile(file, 'utf8'))).toContain('qbtc down');
});

test('a lock that is damaged, or of a process that is gone without a start time, is taken over', async () => {
  const root = await temporaryFolder();
  await withLock(root, 'qbtc up', async () => {});
  const file = join(root, '.qbtc', 'lock');
  for (const left of ['', '{"pid": 4194303, "command": "qbtc up"}']) {
    await writeFile(file, left);
    expect(await withLock(root, 'qbtc down', async () => 'mine')).toBe('mine');
  }
});

test('of many that find a stale lock, one at a time has it', async () => {
  const root = await temporaryFolder();
  await withLock(root, 'qbtc up', async () => {});
  await writeFile(join(root, '.qbtc', 'lock'), '{"id": "stale", "pid": 4194303, "command": "qbtc up"}');
  let holders = 0;
  let most = 0;
  const attempts = await Promise.allSettled(
    Array.from({ length: 12 }, () =>
      withLock(root, 'qbtc up', async () => {
        holders += 1;
        most = Math.max(most, holders);
        await context.clock.sleep(5);
        holders -= 1;
      }),
    ),
  );
  expect(most).toBe(1);
  const refused = attempts.filter((attempt) => attempt.status === 'rejected');
  expect(refused.every(({ reason }) => (reason as { code: string }).code === 'LOCKED')).toBe(true);
});
