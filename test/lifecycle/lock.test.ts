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
  await withLock(context, root, 'qbtc up', async () => {
    await expect(withLock(context, root, 'qbtc down', async () => 'never')).rejects.toMatchObject({
      code: 'LOCKED',
      message: expect.stringContaining(`qbtc up (pid ${process.pid})`),
    });
  });
  expect(await withLock(context, root, 'qbtc down', async () => 'now')).toBe('now');
});

test('is given back when the work fails, and taken over from one that was killed', async () => {
  const root = await temporaryFolder();
  await expect(
    withLock(context, root, 'qbtc up', async () => {
      throw new Error('no');
    }),
  ).rejects.toThrow('no');

  const holder = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)']);
  const pid = holder.pid ?? 0;
  const startTime = await context.host.processStartTime(pid);
  const file = join(root, '.qbtc', 'lock');
  await writeFile(file, JSON.stringify({ pid, startTime, command: 'qbtc up' }));
  await expect(withLock(context, root, 'qbtc down', async () => 1)).rejects.toMatchObject({ code: 'LOCKED' });
  const ended = once(holder, 'exit');
  holder.kill('SIGKILL');
  await ended;
  expect(await withLock(context, root, 'qbtc down', async () => readFile(file, 'utf8'))).toContain(
    'qbtc down',
  );
});
