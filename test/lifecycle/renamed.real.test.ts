import { expect, onTestFinished, test } from 'vitest';
import { up } from '../../src/lifecycle/up.ts';
import { processRuntime } from '../../src/runtimes/processes/index.ts';
import { createFolders, ensureIdentity, stackFolders } from '../../src/state/index.ts';
import { quietContext, temporaryFolder } from '../support/quiet-context.ts';
import { emptyStack, postgresResource } from '../support/stack.ts';

test('a stack that runs and is renamed is refused; what runs is not looked at, told or ended', async () => {
  const root = await temporaryFolder();
  await createFolders(root);
  await ensureIdentity(root, { name: 'before' });
  const context = quietContext();
  const runtime = processRuntime(context, root);
  onTestFinished(async () => {
    await runtime.remove({ volumes: true, onEnding() {}, onStopped() {} });
  });
  await runtime.start(
    [
      {
        ...{
          name: 'part',
          program: process.execPath,
          args: ['-e', 'setInterval(() => {}, 1000)'],
          cwd: root,
        },
        ...{
          env: {},
          stopSignal: 'SIGTERM',
          stopsGroup: true,
          stopTimeoutMs: 10_000,
          dependsOn: [],
          ports: [],
        },
        ...{ logFile: stackFolders(root).logFile('part'), fingerprint: 'part' },
      },
    ],
    { onStarting() {}, onProgress() {} },
  );
  const before = await runtime.list();
  expect(before).toMatchObject([{ name: 'part', lives: true }]);

  const renamed = { ...emptyStack(root, { resources: [postgresResource(1)] }), name: 'after' };
  const options = { apply: false, timeoutMs: 1_000, placement: {}, only: [] };
  await expect(up(context, renamed, options)).rejects.toMatchObject({ code: 'STACK_RENAMED' });
  expect(context.said).toEqual([]);
  expect(await runtime.list()).toEqual(before);
});
