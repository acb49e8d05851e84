import { expect, test } from 'vitest';
import type { ContainerStatus } from '../../../src/runtimes/containers/containers.ts';
import { containerPart, containerRuntime } from '../../../src/runtimes/containers/index.ts';
import { quietContext, temporaryFolder } from '../../support/quiet-context.ts';
import { emptyStack } from '../../support/stack.ts';

const RUNNING: ContainerStatus = {
  ...{ service: 'cache', id: '4f2c', name: 'qbtc-acme-1a2b3c4d5e6f-cache-1', state: 'running' },
  ...{ exitCode: undefined, failed: false, health: 'healthy', reason: '', restarts: 0 },
  ...{ startedAt: '2026-11-21T03:52:17Z', pid: 4711, ports: [6379] },
};

test.each<[string, Partial<ContainerStatus>, object]>([
  ['runs', {}, { lives: true, wasReady: true }],
  ['has not answered its check yet', { health: 'starting' }, { lives: true, wasReady: false }],
  ['is paused', { state: 'paused', reason: 'paused' }, { lives: true, reason: 'paused' }],
  ['was made', { state: 'created' }, { lives: false, state: 'starting' }],
  [
    'is started again',
    { state: 'restarting', restarts: 2 },
    { lives: false, state: 'starting', restarts: 2 },
  ],
  ['was stopped', { state: 'exited', exitCode: 143 }, { lives: false, state: 'stopped' }],
  ['crashed', { state: 'exited', exitCode: 3 }, { lives: false, state: 'crashed' }],
  ['had no memory', { state: 'exited', exitCode: 137, failed: true }, { lives: false, state: 'crashed' }],
  ['cannot be removed', { state: 'dead' }, { lives: false, state: 'crashed' }],
])('one that %s is told in the words of all runtimes', (_, changes, part) => {
  expect(containerPart({ ...RUNNING, ...changes })).toMatchObject({ name: 'cache', ...part });
});

test('who only keeps what runs reads no compose file and asks no compose program', async () => {
  const asked: string[] = [];
  const context = quietContext();
  const exec: typeof context.exec = async (program, args, options) => {
    asked.push([program, ...args].join(' '));
    return context.exec(program, args, options);
  };
  const runtime = containerRuntime({ ...context, exec }, emptyStack(await temporaryFolder()));
  await runtime.keep(['cache']);
  expect(asked).toEqual([]);
  // There is none, which only who makes containers has to know.
  await expect(runtime.build(['cache'], () => {})).rejects.toMatchObject({ code: 'COMPOSE_MISSING' });
  await expect(runtime.build(['cache'], () => {})).rejects.toMatchObject({ code: 'COMPOSE_MISSING' });
});
