import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  type SupervisorClient,
  startSupervisor,
  supervisorProgram,
} from '../../../src/runtimes/processes/client.ts';
import { readState } from '../../../src/runtimes/processes/state.ts';
import { createFolders } from '../../../src/state/index.ts';
import { quietContext, temporaryFolder } from '../../support/quiet-context.ts';

const context = quietContext();

let root: string;
let supervisor: SupervisorClient;
beforeEach(async () => {
  root = await temporaryFolder();
  await createFolders(root);
  supervisor = await startSupervisor(root, supervisorProgram(context));
});
afterEach(async () => {
  await supervisor.shutdown(() => {}).catch(() => {});
});

test('a client that is cut off in the middle of a request does not end the supervisor', async () => {
  const { socket = '', pid = 0 } = (await readState(root))?.supervisor ?? {};
  const half = connect(socket);
  await once(half, 'connect');
  half.end('{"id": 1, "do": "li');
  await once(half, 'close');
  expect(await supervisor.list()).toEqual([]);
  expect(await context.host.processStartTime(pid)).toBeDefined();
});

test.skipIf(process.platform === 'win32')('a supervisor that hangs is told, with what to do', async () => {
  const pid = (await readState(root))?.supervisor.pid ?? 0;
  process.kill(pid, 'SIGSTOP');
  try {
    await expect(supervisor.list()).rejects.toMatchObject({ code: 'SUPERVISOR_HANGS', exit: 4 });
  } finally {
    process.kill(pid, 'SIGCONT');
  }
});

test('a supervisor that is killed in the middle is told as gone', async () => {
  const pid = (await readState(root))?.supervisor.pid ?? 0;
  process.kill(pid, 'SIGKILL');
  await expect(supervisor.list()).rejects.toMatchObject({ code: 'SUPERVISOR_GONE' });
});

test('it ends without a trace in the state, and holds little memory', async () => {
  const pid = (await readState(root))?.supervisor.pid ?? 0;
  if (process.platform === 'linux') {
    const { readFile } = await import('node:fs/promises');
    const [, kilobytes = '0'] = /VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${pid}/status`, 'utf8')) ?? [];
    expect(Number(kilobytes)).toBeLessThan(70_000);
  }
  await supervisor.shutdown(() => {});
  expect(await readState(root)).toBeUndefined();
});

test('it ends what it runs when the folder of the stack is taken away', async () => {
  const { socket = '', pid = 0 } = (await readState(root))?.supervisor ?? {};
  expect(socket).not.toBe('');
  await supervisor.ensure({
    name: 'a',
    program: process.execPath,
    args: ['-e', 'setInterval(() => {}, 1e6)'],
    cwd: root,
    env: {},
    stopSignal: 'SIGTERM',
    stopsGroup: true,
    stopTimeoutMs: 5_000,
    logFile: `${root}/.qbtc/logs/a.log`,
    dependsOn: [],
    ports: [],
    fingerprint: 'f',
  });
  const child = (await supervisor.list())[0]?.pid ?? 0;
  await rm(`${root}/.qbtc`, { recursive: true });
  const deadline = context.clock.monotonic() + 20_000;
  while ((await context.host.processStartTime(pid)) !== undefined) {
    expect(context.clock.monotonic()).toBeLessThan(deadline);
    await context.clock.sleep(50);
  }
  expect(await context.host.processStartTime(child)).toBeUndefined();
});
