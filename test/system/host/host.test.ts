import { describe, expect, test } from 'vitest';
import type { Exec } from '../../../src/context.ts';
import { darwinHost } from '../../../src/system/host/darwin.ts';
import { windowsHost } from '../../../src/system/host/windows.ts';

type Result = Awaited<ReturnType<Exec>>;
const answer = (changes: Partial<Result> = {}): Result => ({
  exitCode: 0,
  stdout: '',
  stderr: '',
  notFound: false,
  timedOut: false,
  ...changes,
});

/** The programs of another system, by their recorded answers; what was asked is kept. */
function recorded(answers: Record<string, Result>) {
  const asked: { program: string; args: readonly string[]; env?: Record<string, string> }[] = [];
  const exec: Exec = async (program, args, options = {}) => {
    asked.push({ program, args, ...(options.env === undefined ? {} : { env: options.env }) });
    return answers[program] ?? answer({ exitCode: 1, notFound: true });
  };
  return { asked, exec };
}

describe('macOS', () => {
  test('nothing listens when lsof ends with 1 and says nothing', async () => {
    expect(await darwinHost(recorded({ lsof: answer({ exitCode: 1 }) }).exec).listeningSockets()).toEqual([]);
  });

  test.each([
    ['it is missing', answer({ exitCode: 1, notFound: true }), /not found/],
    ['it hangs', answer({ exitCode: 1, timedOut: true }), /in time/],
    ['it complains', answer({ exitCode: 1, stderr: 'lsof: no pwd entry\n' }), /no pwd entry/],
  ])('a failing lsof is no free port: %s', async (_, result, reason) => {
    const host = darwinHost(recorded({ lsof: result }).exec);
    await expect(host.listeningSockets()).rejects.toThrow(reason);
    await expect(host.listeningSockets()).rejects.toMatchObject({ code: 'SOCKETS_UNREADABLE' });
  });

  test('the start time does not depend on the zone and the language of the asker', async () => {
    const { asked, exec } = recorded({ ps: answer({ stdout: 'S    Sat Nov 21 00:32:06 2026\n' }) });
    expect(await darwinHost(exec).processStartTime(7)).toBe('Sat Nov 21 00:32:06 2026');
    expect(asked[0]?.env).toMatchObject({ LC_ALL: 'C', TZ: 'UTC' });
  });
});

describe('Windows', () => {
  test('a failing netstat is no free port', async () => {
    const { exec } = recorded({ tasklist: answer() });
    await expect(windowsHost(exec).listeningSockets()).rejects.toThrow(/netstat .* not found/);
  });

  test('sockets lack only the name of their program without tasklist', async () => {
    const stdout = '  TCP    127.0.0.1:8000         0.0.0.0:0              LISTENING         4242\r\n';
    const { exec } = recorded({ netstat: answer({ stdout }) });
    expect((await windowsHost(exec).listeningSockets())[0]).toEqual({
      host: '127.0.0.1',
      port: 8000,
      pid: 4242,
    });
  });

  test('the start time is in UTC', async () => {
    const { asked, exec } = recorded({ powershell: answer({ stdout: '134082079260000000\r\n' }) });
    expect(await windowsHost(exec).processStartTime(7)).toBe('134082079260000000');
    expect(asked[0]?.args.at(-1)).toContain('StartTime.ToFileTimeUtc()');
  });
});
