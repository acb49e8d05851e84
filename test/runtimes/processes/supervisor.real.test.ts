import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ProcessSpec, ProcessStatus } from '../../../src/runtimes/processes/protocol.ts';
import { Supervisor } from '../../../src/runtimes/processes/supervisor.ts';
import { quietContext, temporaryFolder } from '../../support/quiet-context.ts';

const { host, clock } = quietContext();

async function eventually<T>(look: () => T | Promise<T>, wanted: (value: T) => boolean): Promise<T> {
  const deadline = clock.monotonic() + 15_000;
  for (;;) {
    const value = await look();
    if (wanted(value)) return value;
    if (clock.monotonic() > deadline) throw new Error(`last seen: ${JSON.stringify(value)}`);
    await clock.sleep(20);
  }
}

describe('supervisor', () => {
  let folder: string;
  let supervisor: Supervisor;
  let changes: ProcessStatus[][];

  beforeEach(async () => {
    folder = await temporaryFolder();
    changes = [];
    supervisor = new Supervisor({ host, clock, onChange: (processes) => changes.push(processes) });
  });
  afterEach(() => supervisor.stopAll(() => {}));

  const spec = (name: string, code: string, more: Partial<ProcessSpec> = {}): ProcessSpec => ({
    name,
    program: process.execPath,
    args: ['-e', code],
    cwd: folder,
    env: { PATH: process.env.PATH ?? '' },
    stopSignal: 'SIGTERM',
    stopsGroup: true,
    stopTimeoutMs: 5_000,
    logFile: join(folder, `${name}.log`),
    dependsOn: [],
    ports: [],
    fingerprint: 'f',
    ...more,
  });
  const only = () => supervisor.list()[0];
  const log = (name: string) => readFile(join(folder, `${name}.log`), 'utf8');
  const idle = 'console.log(process.env.PORT); setInterval(() => {}, 1e6)';

  test('knows where in the log each start begins', async () => {
    await supervisor.ensure(spec('a', 'console.log("first"); process.exit(1)'));
    await eventually(only, (status) => status?.state === 'exited');
    expect(only()?.logFrom).toBe(0);
    await supervisor.ensure(spec('a', 'console.log("second"); process.exit(1)'));
    await eventually(only, (status) => status?.state === 'exited');
    expect((await log('a')).slice(only()?.logFrom)).toBe('second\n');
  });

  test('runs a process with exactly the given environment, writes its output, and ends it', async () => {
    await supervisor.ensure(
      spec('a', 'console.log(JSON.stringify(process.env)); setInterval(() => {}, 1e6)'),
    );
    const { pid, startTime } = only() ?? {};
    expect(startTime).toBe(await host.processStartTime(pid ?? 0));
    const written = await eventually(
      () => log('a'),
      (text) => text.includes('\n'),
    );
    expect(Object.keys(JSON.parse(written))).toEqual(['PATH']);
    await supervisor.ensure(spec('a', 'the same fingerprint is the same process'));
    expect(only()?.pid).toBe(pid);
    await supervisor.stop('a');
    expect(only()).toMatchObject({ state: 'exited', reason: 'stopped', pid: undefined });
    expect(await host.processStartTime(pid ?? 0)).toBeUndefined();
  });

  test('says why a process ended, and leaves it so until it was ready once', async () => {
    await supervisor.ensure(spec('a', 'console.error("no database"); process.exit(3)'));
    await eventually(only, (status) => status?.state === 'exited');
    expect(only()?.reason).toBe('exited with code 3');
    expect(await log('a')).toContain('no database');
    await supervisor.ensure(spec('b', '', { program: join(folder, 'missing') }));
    expect(supervisor.list().at(-1)).toMatchObject({
      state: 'exited',
      reason: expect.stringContaining('ENOENT'),
    });
  });

  test('starts a kept process again when it is killed', async () => {
    await supervisor.ensure(spec('a', idle));
    supervisor.keep('a');
    const first = only()?.pid ?? 0;
    process.kill(first, 'SIGKILL');
    const second = await eventually(only, (status) => status?.state === 'running' && status.pid !== first);
    expect(second).toMatchObject({ restarts: 1, kept: true });
    expect(changes.flat().some(({ reason }) => reason.startsWith('killed by SIGKILL; restart 1'))).toBe(true);
  });

  test('kills one that does not listen, with the children that it has', async () => {
    const stubborn = `process.on('SIGTERM', () => {});
      const child = require('child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)']);
      console.log(child.pid); setInterval(() => {}, 1e6)`;
    await supervisor.ensure(spec('a', stubborn, { stopTimeoutMs: 200 }));
    const child = Number(
      await eventually(
        () => log('a'),
        (text) => text.includes('\n'),
      ),
    );
    expect(await host.processStartTime(child)).toBeDefined();
    await supervisor.stop('a');
    await eventually(
      () => host.processStartTime(child),
      (startTime) => startTime === undefined,
    );
  });

  test('ends what leads a group of its own as well, in order where it can', async () => {
    const program = `const child = require('child_process').spawn(process.execPath, ['-e', ${JSON.stringify(
      "process.on('SIGTERM', () => { console.log('bye'); process.exit(); }); console.log(process.pid); setInterval(() => {}, 1e6)",
    )}], { detached: true, stdio: 'inherit' }); setInterval(() => {}, 1e6)`;
    await supervisor.ensure(spec('a', program));
    const child = Number(
      await eventually(
        () => log('a'),
        (text) => text.includes('\n'),
      ),
    );
    await supervisor.stop('a');
    expect(await host.processStartTime(child)).toBeUndefined();
    expect(await log('a')).toContain('bye');
  });

  test('stops dependants before what they depend on', async () => {
    await supervisor.ensure(spec('database', idle));
    await supervisor.ensure(spec('core', idle, { dependsOn: ['database'] }));
    await supervisor.ensure(spec('api', idle, { dependsOn: ['core'] }));
    const order: string[] = [];
    await supervisor.stopAll((name) => order.push(name));
    expect(order).toEqual(['api', 'core', 'database']);
  });

  test('a new supervisor takes over what a killed one left, and nothing else', async () => {
    await supervisor.ensure(spec('a', idle));
    const left = supervisor.list();
    const next = new Supervisor({ host, clock, onChange: () => {} });
    const reused = { ...(left[0] as ProcessStatus), name: 'reused', pid: process.pid };
    await next.adopt([...left, reused]);
    expect(next.list()).toMatchObject([{ name: 'a', state: 'running', pid: left[0]?.pid }]);
    await next.stop('a');
    expect(await host.processStartTime(left[0]?.pid ?? 0)).toBeUndefined();
  });

  test('what it has taken over is restarted too, once it was told how', async () => {
    await supervisor.ensure(spec('a', idle));
    const left = supervisor.list();
    const next = new Supervisor({ host, clock, onChange: () => {} });
    await next.adopt(left);
    await next.ensure(spec('a', idle));
    next.keep('a');
    expect(next.list()[0]?.pid).toBe(left[0]?.pid);
    process.kill(left[0]?.pid ?? 0, 'SIGKILL');
    const again = await eventually(
      () => next.list()[0],
      (status) => status?.state === 'running' && status.pid !== left[0]?.pid,
    );
    expect(again?.kept).toBe(true);
    await next.stopAll(() => {});
  });

  test('a process that is only being started can be stopped as well', async () => {
    // As on a system where asking for the start time takes a while.
    const slow = {
      ...host,
      processStartTime: async (pid: number) => clock.sleep(200).then(() => host.processStartTime(pid)),
    };
    const sluggish = new Supervisor({ host: slow, clock, onChange: () => {} });
    const starting = sluggish.ensure(spec('a', idle));
    const pid =
      (
        await eventually(
          () => sluggish.list()[0],
          (status) => status?.pid !== undefined,
        )
      )?.pid ?? 0;
    await sluggish.stopAll(() => {});
    await starting;
    expect(sluggish.list()).toMatchObject([{ state: 'exited', reason: 'stopped' }]);
    expect(await host.processStartTime(pid)).toBeUndefined();
    await expect(sluggish.ensure(spec('b', idle))).rejects.toThrow(/shutting down/);
  });

  test('one that was changed is ended before its successor starts', async () => {
    await supervisor.ensure(spec('a', idle));
    const first = only()?.pid;
    await Promise.all([
      supervisor.ensure(spec('a', idle)),
      supervisor.ensure(spec('a', idle, { fingerprint: 'g' })),
    ]);
    expect(only()).toMatchObject({ state: 'running', fingerprint: 'g' });
    expect(only()?.pid).not.toBe(first);
    expect(await host.processStartTime(first ?? 0)).toBeUndefined();
  });

  test.skipIf(process.platform === 'win32')('asks the child of a wrapper to end as well', async () => {
    const child = `process.on('SIGTERM', () => { console.log('in order'); process.exit(0); }); console.log('up'); setInterval(() => {}, 1e6)`;
    await supervisor.ensure(
      spec('a', '', {
        program: '/bin/sh',
        args: ['-c', `"${process.execPath}" -e "${child}"; echo wrapper`],
      }),
    );
    await eventually(
      () => log('a'),
      (text) => text.includes('up'),
    );
    await supervisor.stop('a');
    await eventually(
      () => log('a'),
      (text) => text.includes('in order'),
    );
  });
});
