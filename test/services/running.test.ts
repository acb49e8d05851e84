import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runningInstances } from '../../src/services/running.ts';
import { service } from '../flow/chain.ts';
import { quietContext, temporaryFolder } from '../support/quiet-context.ts';
import { emptyStack } from '../support/stack.ts';

test('how the declared services run is told by what stands in .qbtc, and by the processes that live', async () => {
  const root = await temporaryFolder();
  const context = quietContext();
  const startTime = await context.host.processStartTime(process.pid);
  const entry = (name: string, changes: Record<string, unknown>) => ({
    name,
    kept: true,
    reason: '',
    ...changes,
  });
  await mkdir(join(root, '.qbtc'));
  await writeFile(
    join(root, '.qbtc', 'state.json'),
    JSON.stringify({
      processes: [
        entry('lives', { pid: process.pid, startTime, state: 'running' }),
        entry('begins', { pid: process.pid, startTime, state: 'running', kept: false }),
        entry('reused', { pid: process.pid, startTime: '1', state: 'running' }),
        entry('crashes', { state: 'restarting', reason: 'exited with code 1; restart 2 of 5' }),
        entry('given-up', { state: 'quarantined', reason: 'exited with code 1' }),
        entry('ended', { state: 'exited', reason: 'stopped', wasStopped: true }),
        entry('lives-chaos-proxy', { pid: process.pid, startTime, state: 'running', partOf: 'lives' }),
        entry('many-2', { pid: process.pid, startTime, state: 'running' }),
      ],
    }),
  );
  const names = ['lives', 'begins', 'reused', 'crashes', 'given-up', 'ended', 'never'];
  const stack = emptyStack(root, {
    services: [...names.map((name, at) => service(name, 8000 + at)), service('many', 9000, { replicas: 2 })],
  });
  const found = await runningInstances(context, stack);
  const pid = process.pid;
  expect(
    found.map(({ service: name, port, runs, isReady, ended }) => [
      name,
      port,
      runs,
      isReady,
      ended?.condition,
    ]),
  ).toEqual([
    ['lives', 8000, { pid, companions: [pid] }, true, undefined],
    ['begins', 8001, { pid, companions: [] }, false, undefined],
    ['reused', 8002, undefined, false, 'crashed'],
    ['crashes', 8003, undefined, false, 'restarting'],
    ['given-up', 8004, undefined, false, 'crashed'],
    ['ended', 8005, undefined, false, 'stopped'],
    ['never', 8006, undefined, false, undefined],
    ['many', 9000, undefined, false, undefined],
    ['many', 9001, { pid, companions: [] }, true, undefined],
  ]);
});
