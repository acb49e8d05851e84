import type { ContainerInspectInfo } from 'dockerode';
import { expect, test } from 'vitest';
import { containerStatus, startOf } from '../../../src/runtimes/containers/status.ts';

/** What an engine 20.10 answers for a container of a compose project, cut to what is read. */
function inspected(state: object, more: object = {}): ContainerInspectInfo {
  return {
    Id: '4f2c',
    Name: '/qbtc-acme-1a2b3c4d5e6f-cache-1',
    RestartCount: 0,
    Config: { Labels: { 'com.docker.compose.service': 'cache' } },
    HostConfig: { Memory: 268_435_456 },
    NetworkSettings: {
      Ports: { '6379/tcp': [{ HostIp: '127.0.0.1', HostPort: '6379' }], '16379/tcp': null },
    },
    State: {
      Status: 'running',
      Error: '',
      ExitCode: 0,
      OOMKilled: false,
      Pid: 4711,
      StartedAt: '2026-11-21T03:52:17.189276016Z',
      ...state,
    },
    ...more,
  } as unknown as ContainerInspectInfo;
}

test('one that is well has no reason', () => {
  expect(containerStatus(inspected({ Health: { Status: 'healthy', Log: [] } }))).toEqual({
    service: 'cache',
    id: '4f2c',
    name: 'qbtc-acme-1a2b3c4d5e6f-cache-1',
    state: 'running',
    exitCode: undefined,
    failed: false,
    health: 'healthy',
    reason: '',
    startedAt: '2026-11-21T03:52:17.189276016Z',
    restarts: 0,
    pid: 4711,
    ports: [6379],
  });
});

const ended = { Status: 'exited', Pid: 0 };
test.each([
  ['exits', { ...ended, ExitCode: 3 }, 'exited', 'exited with code 3'],
  [
    'is out of memory',
    { ...ended, ExitCode: 137, OOMKilled: true },
    'exited',
    'killed: out of memory (limit 256 MB)',
  ],
  [
    'cannot start',
    { ...ended, ExitCode: 127, Error: 'exec: "nope": not found' },
    'exited',
    'exec: "nope": not found',
  ],
  [
    'is unhealthy',
    { Health: { Status: 'unhealthy', Log: [{ Output: 'old' }, { Output: 'Could not connect\nNOAUTH\n' }] } },
    'running',
    'unhealthy: NOAUTH',
  ],
  ['is being removed', { Status: 'removing', Pid: 0 }, 'exited', 'exited with code 0'],
])('one that %s says so', (_, state, expected, reason) => {
  expect(containerStatus(inspected(state))).toMatchObject({ state: expected, reason });
});

test('one that never ran has no start and no pid', () => {
  const never = inspected({ Status: 'created', Pid: 0, StartedAt: '0001-01-01T00:00:00Z' });
  expect(containerStatus(never)).toMatchObject({ state: 'created', startedAt: undefined, pid: undefined });
});

const NEVER = '0001-01-01T00:00:00Z';
test.each([
  ['was never started: all lines', NEVER, NEVER, undefined],
  ['was started once: all lines', '2026-11-30T17:56:07.853372207Z', NEVER, undefined],
  [
    'runs again: from between its end and its start',
    '2026-11-30T17:56:08.4Z',
    '2026-11-30T17:56:07.9Z',
    '08.150',
  ],
  ['has ended: from just before its start', '2026-11-30T17:56:08.4Z', '2026-11-30T17:56:09Z', '08.350'],
])('of this start are, of one that %s', (_, StartedAt, FinishedAt, expected) => {
  const at = startOf({ StartedAt, FinishedAt });
  expect(at === undefined ? undefined : new Date(at).toISOString().slice(17, 23)).toBe(expected);
});
