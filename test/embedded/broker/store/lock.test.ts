import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startTimeOf } from '../../../../src/alive.ts';
import { lockFolder } from '../../../../src/embedded/broker/store/lock.ts';

let folder: string;
const ends: (() => void)[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'qbtc-lock-'));
});

afterEach(() => {
  for (const end of ends.splice(0)) end();
  rmSync(folder, { recursive: true, force: true });
});

const lock = () => join(folder, 'lock');

describe('the lock of a data folder', () => {
  it.runIf(process.platform === 'linux')(
    'is taken over from a broker that was killed and that nobody reaps',
    async () => {
      const parent = spawn('sh', ['-c', 'sleep 0.2 & echo $!; exec sleep 600'], {
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      ends.push(() => parent.kill('SIGKILL'));
      const [chunk] = (await once(parent.stdout, 'data')) as [Buffer];
      const pid = Number(chunk.toString());
      const text = JSON.stringify({ pid, started: startTimeOf(pid) });
      writeFileSync(lock(), text);
      await vi.waitFor(() => expect(readFileSync(`/proc/${pid}/stat`, 'utf8')).toMatch(/\) Z /), {
        timeout: 10_000,
      });
      lockFolder(folder)();
      expect(readdirSync(folder)).toEqual([]);
    },
  );

  // So it looks on a disk that is full; `durability.faults.test.ts` fills one.
  it('may be a link that holds the text: it is respected while its process lives, and taken over then', () => {
    const started = startTimeOf(process.pid) ?? '';
    symlinkSync(JSON.stringify({ pid: process.pid, started }), lock());
    expect(() => lockFolder(folder)).toThrow(`process id ${process.pid}`);
    rmSync(lock());
    symlinkSync(JSON.stringify({ pid: process.pid, started: 'at another time' }), lock());
    lockFolder(folder)();
    expect(readdirSync(folder)).toEqual([]);
  });
});
