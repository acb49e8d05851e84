import { expect, test } from 'vitest';
import type { ResourceObservation } from '../../src/model/observation.ts';
import { score } from '../../src/score/index.ts';
import { service } from '../flow/chain.ts';
import { resource, snapshot, stack } from './world.ts';

const fixOf = (changes: Partial<ResourceObservation>) => {
  const part = { ...resource('api'), kind: 'service' as const, ports: [8000], pid: 7, ...changes };
  const declared = { ...stack(), services: [service('api', 8000)] };
  const { components } = score(snapshot({ resources: [part] }), declared);
  const check = components
    .flatMap(({ checks }) => checks)
    .find(({ code }) => code === 'INFRA_RESOURCE_ACTIVE');
  return check?.fix;
};

test.each([
  // What has just failed for the same reason is no advice.
  [
    'a path that is not there',
    { state: 'starting', problem: { kind: 'status', status: 404 } },
    undefined,
    /health of api/,
  ],
  [
    'one that asks for a key',
    { state: 'unhealthy', problem: { kind: 'status', status: 401 } },
    undefined,
    /health of api/,
  ],
  ['a stranger at its port', { state: 'unhealthy', problem: { kind: 'stranger' } }, undefined, /qbtc ports/],
  [
    'one that never listens',
    { state: 'starting', problem: { kind: 'silent' } },
    undefined,
    /gets as PORT.*qbtc logs api/,
  ],
  [
    'one that crash-loops',
    { state: 'starting', restarts: 3, pid: undefined },
    'qbtc up',
    /mend what ends it.*qbtc logs api/,
  ],
  [
    'one that says it is unwell',
    { state: 'unhealthy', problem: { kind: 'status', status: 503 } },
    'qbtc restart api',
    undefined,
  ],
  ['one that hangs', { state: 'unhealthy', problem: { kind: 'silent' } }, 'qbtc restart api', undefined],
  ['one that was stopped', { state: 'stopped', pid: undefined }, 'qbtc up', undefined],
  [
    'an engine that is away',
    { state: 'crashed', pid: undefined, engineAway: true },
    'qbtc doctor',
    undefined,
  ],
  [
    'one that a fault holds',
    { state: 'stopped', held: 'api-down', pid: undefined },
    'qbtc chaos undo',
    undefined,
  ],
  ['one of somebody else', { state: 'unhealthy', provider: 'external' }, undefined, /not run by qbtc/],
] as const)('the advice for %s closes it', (_, changes, command, byHand) => {
  const fix = fixOf(changes as Partial<ResourceObservation>);
  expect(fix?.command).toBe(command);
  if (byHand === undefined) expect(fix?.byHand).toBeUndefined();
  else expect(fix?.byHand).toMatch(byHand);
});
