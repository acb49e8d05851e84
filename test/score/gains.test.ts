import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ResourceObservation } from '../../src/model/observation.ts';
import type { CheckResult } from '../../src/model/score.ts';
import type { Stack } from '../../src/model/stack.ts';
import { gainsOf } from '../../src/score/gains.ts';
import { rootCause, score } from '../../src/score/index.ts';
import { service } from '../flow/chain.ts';
import { resource, snapshot, stack } from './world.ts';

/** llm-api asks quantum-core; both speak through the broker. */
const chained = (): Stack => ({
  ...stack(),
  services: [
    service('llm-api', 8000, { dependsOn: ['broker', 'quantum-core'], routes: [{ name: 'llm-chat' }] }),
    service('quantum-core', 8001, { dependsOn: ['broker', 'cache'], routes: [{ name: 'core' }] }),
  ],
});
const unwell = (...names: string[]): ResourceObservation[] =>
  ['broker', 'cache', 'gateway', 'llm-api', 'quantum-core'].map((name) =>
    names.includes(name) ? resource(name, 'crashed') : resource(name),
  );

test('the deepest part that is not well is the cause', () => {
  const causeIn = (resources: ResourceObservation[], name: string) =>
    rootCause(snapshot({ resources }), chained(), name);
  expect(causeIn(unwell('broker', 'llm-api', 'quantum-core'), 'llm-api')).toBe('broker');
  expect(causeIn(unwell('quantum-core', 'llm-api'), 'llm-api')).toBe('quantum-core');
  expect(causeIn(unwell('llm-api'), 'llm-api')).toBe('llm-api');
  // It is well itself, and what it needs is not.
  expect(causeIn(unwell('cache'), 'llm-api')).toBe('cache');
  expect(causeIn(unwell(), 'llm-api')).toBeUndefined();
});

test('services that depend on one another in a circle have a cause all the same', () => {
  const services = [service('a', 1, { dependsOn: ['b'] }), service('b', 2, { dependsOn: ['a'] })];
  const world = snapshot({ resources: [resource('a', 'crashed'), resource('b', 'crashed')] });
  expect(['a', 'b']).toContain(rootCause(world, { ...stack(), services }, 'a'));
});

test('a broker that is down is named first, with all that it costs', () => {
  const world = snapshot({
    resources: unwell('broker', 'llm-api', 'quantum-core'),
    topologyPlan: { measured: false, reason: 'connect ECONNREFUSED' },
  });
  const result = score(world, chained());
  const [first] = result.gains;
  expect(first).toMatchObject({ command: 'qbtc up', causes: ['broker'], severity: 'critical' });
  // Its own check, those of both services, and the topology that could not be read.
  expect(first?.checks.map(({ code, subject }) => [code, subject])).toEqual([
    ['INFRA_RESOURCE_ACTIVE', 'broker'],
    ['INFRA_RESOURCE_ACTIVE', 'llm-api'],
    ['INFRA_RESOURCE_ACTIVE', 'quantum-core'],
    ['TOPOLOGY_IN_SYNC', 'broker'],
  ]);
  expect(first?.points).toBe(21);
  expect(first?.predicted).toBe(100);
});

test('what a fault of chaos holds is won by its undoing', () => {
  const resources = unwell('broker').map((each) =>
    each.name === 'broker' ? { ...each, held: 'broker-down' } : each,
  );
  expect(score(snapshot({ resources }), chained()).gains[0]).toMatchObject({ command: 'qbtc chaos undo' });
});

test('ignored points count in the adjusted score until the day is over', () => {
  const rule = { check: 'INFRA_RESOURCE_ACTIVE' as const, subject: 'cache', reason: 'not needed' };
  const withRule = (until: string) => ({
    ...stack(),
    score: { ...stack().score, ignore: [{ ...rule, until }] },
  });
  const world = snapshot({ resources: [resource('broker'), resource('cache', 'crashed')] });
  const during = score(world, withRule('2030-01-01'));
  expect([during.total, during.adjusted, during.gains, during.lapsed]).toEqual([85, 100, [], []]);
  const after = score(world, withRule('2029-12-31'));
  expect([after.total, after.adjusted, after.gains.length]).toEqual([85, 85, 1]);
  expect(after.lapsed).toMatchObject([{ until: '2029-12-31' }]);
});

test('a rule never wins what could not be measured', () => {
  const ignore = [{ check: 'TOPOLOGY_IN_SYNC' as const, reason: 'r', until: '2040-01-01' }];
  const world = snapshot({ topologyPlan: { measured: false, reason: 'gone' } });
  const { total, adjusted } = score(world, { ...stack(), score: { ...stack().score, ignore } });
  expect([total, adjusted]).toEqual([97, 97]);
});

test('no missing point is promised twice, and none that is not missing', () => {
  const state = fc.constantFrom('active' as const, 'stopped' as const, 'unhealthy' as const);
  fc.assert(
    fc.property(fc.array(state, { minLength: 5, maxLength: 5 }), (states) => {
      const names = ['broker', 'cache', 'gateway', 'llm-api', 'quantum-core'];
      const resources = names.map((name, index) => resource(name, states[index]));
      const world = snapshot({ resources, topologyPlan: { measured: false, reason: 'gone' } });
      const { gains, components, total } = score(world, chained());
      const missing = components
        .flatMap(({ checks }): CheckResult[] => checks)
        .filter(({ fix }) => fix !== undefined);
      const named = gains.flatMap(({ checks }) => checks.map(({ code, subject }) => `${code} ${subject}`));
      expect(named.toSorted()).toEqual(missing.map(({ code, subject }) => `${code} ${subject}`).toSorted());
      for (const { predicted, points } of gains) {
        expect(Math.round((predicted - total - points) * 100)).toBe(0);
        expect(predicted).toBeLessThanOrEqual(100);
      }
    }),
  );
});

test('a group has the reason of its gravest check, not of its dearest', () => {
  const check = (changes: Partial<CheckResult>): CheckResult => ({
    code: 'INFRA_RESOURCE_ACTIVE',
    subject: 'api',
    severity: 'critical',
    points: 0,
    max: 1,
    status: 'failed',
    evidence: '',
    fix: { why: 'it is dead', cause: 'api', command: 'qbtc up' },
    ...changes,
  });
  const minor = check({
    code: 'MONITORING_LOG_LINES',
    severity: 'minor',
    max: 9,
    fix: { why: 'no log line', cause: 'api', command: 'qbtc up' },
  });
  const other = check({
    ...minor,
    subject: 'web',
    fix: { why: 'web has no log line', cause: 'web', command: 'qbtc up' },
  });
  expect(gainsOf([minor, other, check({})], 50)).toMatchObject([
    { severity: 'critical', causes: ['api', 'web'], why: 'it is dead', points: 19 },
  ]);
});
