import { spawn } from 'node:child_process';
import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { down } from '../../src/lifecycle/down.ts';
import { observeStacks } from '../../src/observe/stacks.ts';
import { carry, SUPERVISOR_VARIABLE } from '../../src/runtimes/processes/carried.ts';
import { startSupervisor, supervisorProgram } from '../../src/runtimes/processes/client.ts';
import { createFolders, ensureIdentity } from '../../src/state/index.ts';
import { quietContext, temporaryFolder } from '../support/quiet-context.ts';

const context = quietContext();
const end = (root: string) => down(context, root, { volumes: false });

/** A stack with one part, which has a child that carries the same. */
async function start(root: string, name: string): Promise<number> {
  await createFolders(root);
  await ensureIdentity(root, { name });
  const supervisor = await startSupervisor(root, supervisorProgram(context));
  const child = "require('child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'])";
  await supervisor.ensure({
    name: 'api',
    program: process.execPath,
    args: ['-e', `${child}; setInterval(() => {}, 1e6)`],
    cwd: root,
    env: {},
    stopSignal: 'SIGTERM',
    stopsGroup: true,
    stopTimeoutMs: 10_000,
    logFile: join(root, '.qbtc', 'logs', 'api.log'),
    dependsOn: [],
    ports: [8000, 8001],
    fingerprint: 'api',
  });
  const [{ pid = 0 } = {}] = await supervisor.list();
  supervisor.close();
  return pid;
}

test('finds the stacks of the machine wherever it is asked, each part once', async () => {
  const [first, second] = [await temporaryFolder(), await temporaryFolder()];
  const pids = [await start(first, 'one'), await start(second, 'two')];
  const found = (await observeStacks(context, second)).filter(({ root }) => [first, second].includes(root));
  const stack = (name: string, root: string, pid: number | undefined) => ({
    name,
    root,
    present: true,
    here: root === second,
    supervisor: { pid: expect.any(Number) },
    parts: [{ name: 'api', runs: 'process', pid, ports: [8000, 8001] }],
  });
  expect(found).toEqual([stack('one', first, pids[0]), stack('two', second, pids[1])]);
  await end(first);
  await end(second);
  // The supervisor answers before it ends.
  const left = async () =>
    (await observeStacks(context, undefined)).filter(({ root }) => [first, second].includes(root));
  await expect.poll(left).toEqual([]);
}, 60_000);

test('tells what is left of a stack whose folder was moved', async () => {
  const before = await temporaryFolder();
  const after = `${before} moved`;
  const pid = await start(before, 'wanderer');
  await rename(before, after);
  onTestFinished(() => rm(after, { recursive: true, force: true }));
  await writeFile(join(after, 'qbtc.yaml'), 'version: 1\nname: wanderer\n');
  try {
    const found = (await observeStacks(context, undefined)).find(({ root }) => root === before);
    expect(found).toMatchObject({
      name: 'wanderer',
      present: false,
      parts: [{ name: 'api', runs: 'process', pid, ports: [] }],
    });
  } finally {
    await end(after);
  }
}, 60_000);

test('says of what names no identity that its folder is gone', async () => {
  const root = join(await temporaryFolder(), 'gone');
  const env = { [SUPERVISOR_VARIABLE]: carry({ root, stack: 'gone' }) };
  const { pid = 0 } = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'], { env, stdio: 'ignore' });
  onTestFinished(() => void process.kill(pid, 'SIGKILL'));
  const found = async () => (await observeStacks(context, undefined)).find((each) => each.root === root);
  await expect.poll(found).toMatchObject({ name: 'gone', present: false, supervisor: { pid } });
});
