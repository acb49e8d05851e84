import { describe, expect, test } from 'vitest';
import type { FlowResult } from '../../src/model/flow.ts';
import type { ResourceObservation, Snapshot } from '../../src/model/observation.ts';
import type { IgnoreRule } from '../../src/model/score.ts';
import { score } from '../../src/score/index.ts';
import { resource, snapshot, stack } from './world.ts';

const worker = (changes: Partial<ResourceObservation>): Partial<Snapshot> => ({
  resources: [
    ...snapshot().resources,
    { ...resource('worker'), kind: 'service', pid: undefined, ...changes },
  ],
});
const flow = (changes: Partial<FlowResult>): Partial<Snapshot> => ({
  flows: {
    measured: true,
    value: [
      {
        name: 'chat',
        file: '/stack/flows/chat.yaml',
        status: 'failed',
        correlationId: 'c',
        durationMs: 5,
        hops: [
          { name: 'asked', subject: 'gateway', status: 'passed', evidence: '200' },
          { name: 'stored', subject: 'database', status: 'failed', evidence: 'no row' },
        ],
        stoppedAt: { hop: 2, name: 'stored', subject: 'database', reason: 'no row', logLines: [] },
        ...changes,
      },
    ],
  },
});
const failuresOf = (changes: Partial<Snapshot>, ignore: IgnoreRule[] = []) => {
  const declared = stack();
  return score(snapshot(changes), { ...declared, score: { ...declared.score, ignore } }).failures;
};

test('nothing fails where all is well', () => expect(failuresOf({})).toEqual([]));

describe('a declared part that is dead fails the gate, whatever the points', () => {
  test.each([
    [
      'crash-loops',
      { state: 'starting', restarts: 3, reason: 'exited with code 1; restart 3 of 5' },
      'restarting',
    ],
    ['was given up', { state: 'crashed', restarts: 5, reason: 'exited with code 1' }, 'crashed'],
    ['does not answer', { state: 'unhealthy', reason: '/health answers 503' }, 'unhealthy'],
    ['was stopped', { state: 'stopped', reason: 'stopped' }, 'stopped'],
    ['is somebody else’s', { state: 'unhealthy', provider: 'external', reason: 'ECONNREFUSED' }, 'unhealthy'],
  ] as const)('%s', (_, changes, state) => {
    expect(failuresOf(worker(changes))).toEqual([
      { kind: 'dead', subject: 'worker', state, reason: changes.reason },
    ]);
  });

  test('but not one that starts for the first time', () => {
    expect(failuresOf(worker({ state: 'starting', restarts: 0 }))).toEqual([]);
  });
});

describe('a flow that failed fails the gate', () => {
  test('with where it stopped', () => {
    expect(failuresOf(flow({}))).toEqual([
      { kind: 'flow', subject: 'chat', state: 'failed', reason: 'stopped at hop 2, database: no row' },
    ]);
  });

  test('also one that failed before its first hop, which loses no point', () => {
    const { stoppedAt: _, ...rest } = { stoppedAt: undefined, hops: [] };
    expect(failuresOf(flow({ ...rest }))).toMatchObject([{ kind: 'flow', subject: 'chat' }]);
  });
});

test('what a rule sets aside fails nothing, and nothing more than that', () => {
  const rule = { reason: 'known', until: '2030-12-31' };
  const dead = worker({ state: 'crashed' });
  expect(failuresOf(dead, [{ ...rule, check: 'INFRA_RESOURCE_ACTIVE', subject: 'worker' }])).toEqual([]);
  expect(failuresOf(dead, [{ ...rule, check: 'INFRA_RESOURCE_ACTIVE', subject: 'cache' }])).toHaveLength(1);
  expect(failuresOf(flow({}), [{ ...rule, check: 'CONNECTIVITY_HOP' }])).toEqual([]);
  const hop = 'chat hop 2, database';
  expect(failuresOf(flow({}), [{ ...rule, check: 'CONNECTIVITY_HOP', subject: hop }])).toEqual([]);
  const lapsed = [{ ...rule, until: '2029-01-01', check: 'CONNECTIVITY_HOP' as const }];
  expect(failuresOf(flow({}), lapsed)).toHaveLength(1);
});
