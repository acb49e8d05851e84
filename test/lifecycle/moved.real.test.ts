import { cp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { down } from '../../src/lifecycle/down.ts';
import { observeRunning } from '../../src/placement/index.ts';
import {
  attachSupervisor,
  connectSupervisor,
  startSupervisor,
  supervisorProgram,
} from '../../src/runtimes/processes/client.ts';
import { createFolders, ensureIdentity } from '../../src/state/index.ts';
import { quietContext, temporaryFolder } from '../support/quiet-context.ts';

const context = quietContext();
const program = supervisorProgram(context);

/** A stack whose parts run, so many that ending them is seen; the last one writes when it is asked to end. */
async function start(root: string) {
  await createFolders(root);
  await ensureIdentity(root, { name: 'acme' });
  const supervisor = await startSupervisor(root, program);
  const spec = (name: string, script: string, dependsOn: string[] = []) => ({
    name,
    program: process.execPath,
    args: ['-e', script],
    cwd: root,
    env: {},
    stopSignal: 'SIGTERM' as const,
    stopsGroup: true,
    stopTimeoutMs: 10_000,
    logFile: join(root, '.qbtc', 'logs', `${name}.log`),
    dependsOn,
    ports: [],
    fingerprint: name,
  });
  await supervisor.ensure(spec('broker', 'setInterval(() => {}, 1e6)'));
  // A child of its own carries the same environment, and is its own to end.
  const parent = "require('child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'])";
  await supervisor.ensure(spec('api', `${parent}; setInterval(() => {}, 1e6)`, ['broker']));
  const processes = (await supervisor.list()).map(({ pid = 0, startTime }) => ({ pid, startTime }));
  supervisor.close();
  const state = JSON.parse(await readFile(join(root, '.qbtc', 'state.json'), 'utf8')) as {
    supervisor: { pid: number; startTime: string };
  };
  return { processes, supervisor: state.supervisor };
}

type Started = Awaited<ReturnType<typeof start>>;

const living = async ({ processes }: Started) =>
  (
    await Promise.all(
      processes.map(async ({ pid, startTime }) => (await context.host.processStartTime(pid)) === startTime),
    )
  ).filter(Boolean).length;

async function kill({ supervisor: { pid, startTime } }: Started): Promise<void> {
  process.kill(pid, 'SIGKILL');
  while ((await context.host.processStartTime(pid)) === startTime) await context.clock.sleep(10);
}

let root: string;
let started: Started;
beforeEach(async () => {
  root = join(await temporaryFolder(), 'a');
  started = await start(root);
});
afterEach(async () => {
  for (const { pid, startTime } of [...started.processes, started.supervisor])
    if ((await context.host.processStartTime(pid)) === startTime) process.kill(pid, 'SIGKILL');
});

describe.skipIf(process.platform === 'win32')('what runs is found by what it carries', () => {
  const inState = (name: string) => join(root, '.qbtc', name);
  const losses: [string, () => Promise<void>][] = [
    ['.qbtc is removed', () => rm(inState(''), { recursive: true })],
    [
      '.qbtc is removed, and another one stands in its place',
      async () => {
        await rm(inState(''), { recursive: true });
        await createFolders(root);
      },
    ],
    ['state.json is removed', () => rm(inState('state.json'))],
    ['state.json is emptied', () => writeFile(inState('state.json'), '')],
    ['state.json is cut', () => writeFile(inState('state.json'), '{"processes": [{')],
    ['the socket is removed', () => rm(inState('supervisor.sock'))],
    ['all that says who the stack is is gone', () => rm(inState('stack.json'))],
  ];
  describe.each(losses)('%s', (_, lose) => {
    test.each([false, true])('(supervisor killed before: %s): down ends all of it', async (killed) => {
      if (killed) await kill(started);
      await lose();
      const present = (await observeRunning(context, root)).processes.map(({ name }) => name);
      const { stopped } = await down(context, root, { volumes: false });
      // A supervisor that lives may have seen the loss before anybody asks, and have ended everything itself.
      if (killed) {
        expect(present.sort()).toEqual(['api', 'broker']);
        expect([...stopped].sort()).toEqual(['api', 'broker']);
      }
      expect(await living(started)).toBe(0);
      expect(await connectSupervisor(root)).toBeUndefined();
      expect((await down(context, root, { volumes: false })).stopped).toEqual([]);
    });
  });

  test.each([
    false,
    true,
  ])('a stack that was moved (supervisor killed before: %s) is ended by down', async (killed) => {
    if (killed) await kill(started);
    const moved = join(root, '..', 'b');
    await rename(root, moved);
    const present = (await observeRunning(context, moved)).processes;
    const { stopped } = await down(context, moved, { volumes: false });
    if (killed) {
      expect(present).toHaveLength(2);
      expect([...stopped].sort()).toEqual(['api', 'broker']);
    }
    expect(await living(started)).toBe(0);
    expect(await attachSupervisor(context, moved, program)).toBeUndefined();
  });

  test('who attaches to a moved stack waits until it has ended, and is never told of a defect', async () => {
    const moved = join(root, '..', 'b');
    await rename(root, moved);
    while (await connectSupervisor(moved).then((client) => client?.list().then(() => !client.isClosing())))
      await context.clock.sleep(100);
    const supervisor = await attachSupervisor(context, moved, program);
    expect(supervisor).toBeUndefined();
    expect(await living(started)).toBe(0);
  });

  test('a new stack in the place of one that was moved is another one', async () => {
    await kill(started);
    const moved = join(root, '..', 'b');
    await rename(root, moved);
    await createFolders(root);
    expect((await down(context, root, { volumes: false })).stopped).toEqual([]);
    await ensureIdentity(root, { name: 'acme' });
    expect((await down(context, root, { volumes: false })).stopped).toEqual([]);
    expect(await living(started)).toBe(2);
    expect((await down(context, moved, { volumes: false })).stopped).toHaveLength(2);
  });

  test('a copy keeps its hands off what the original runs', async () => {
    const copy = join(root, '..', 'copy');
    await cp(root, copy, { recursive: true, filter: (source) => !source.endsWith('.sock') });
    expect((await observeRunning(context, copy)).processes).toEqual([]);
    expect((await down(context, copy, { volumes: false })).stopped).toEqual([]);
    expect(await living(started)).toBe(2);
    expect((await down(context, root, { volumes: false })).stopped).toHaveLength(2);
  });
});
