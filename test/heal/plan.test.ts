import { expect, test } from 'vitest';
import { type AttemptBook, keyOf, quarantine, tried } from '../../src/heal/attempts.ts';
import { planRepairs } from '../../src/heal/plan.ts';
import { REMEDIES } from '../../src/heal/registry.ts';
import type { World } from '../../src/heal/world.ts';
import { PROBLEM_KINDS, type Problem, REMEDY_NAMES } from '../../src/model/heal.ts';
import { resource } from '../score/world.ts';
import { chained, world } from './world.ts';

const problem = (kind: Problem['kind'], subject: string): Problem => ({
  kind,
  subject,
  reason: 'r',
  victims: [],
});
const planned = (given: Problem, attempts: AttemptBook = {}, seen: World = world()) =>
  planRepairs([given], seen, chained(), { attempts, now: 1_000_000, random: 0.5 })[0];

test('every kind of problem has a remedy, and every remedy a problem', () => {
  // Nobody is to start what somebody has ended.
  const mended = new Set<string>(['down', ...REMEDY_NAMES.flatMap((name) => REMEDIES[name].mends)]);
  expect([...mended].toSorted()).toEqual([...PROBLEM_KINDS].toSorted());
  for (const name of REMEDY_NAMES) expect(REMEDIES[name].mends.length, name).toBeGreaterThan(0);
});

test('a repair says what it costs, what proves it, and the same by hand', () => {
  const crashed = world({ resources: [resource('quantum-core', 'crashed')] });
  expect(planned(problem('not-running', 'quantum-core'), {}, crashed)).toMatchObject({
    remedy: 'start',
    command: 'qbtc up quantum-core',
    provenBy: ['llm'],
    points: expect.any(Number),
  });
});

test('what a fault holds is left to its undoing', () => {
  expect(planned({ ...problem('not-running', 'broker'), held: 'broker-down' })).toMatchObject({
    command: 'qbtc chaos undo',
    blocked: expect.stringContaining('broker-down'),
  });
});

test('a remedy that is spent or quarantined is not tried again, and that is said', () => {
  const key = keyOf('restart', 'cache');
  let book: AttemptBook = {};
  for (let each = 0; each < 3; each += 1) book = tried(book, key, 990_000);
  const spent = planned(problem('not-answering', 'cache'), book);
  expect(spent?.remedy).toBeUndefined();
  expect(spent?.blocked).toContain('was tried 3 times and did not help');
  const given = planned(problem('not-answering', 'cache'), quarantine({}, key, 'it did not help'));
  expect(given?.blocked).toContain('quarantined: it did not help');
});

test('an attempt that did not help is waited after', () => {
  const book = tried(tried({}, keyOf('restart', 'cache'), 999_000), keyOf('restart', 'cache'), 999_900);
  expect(planned(problem('not-answering', 'cache'), book)).toMatchObject({
    remedy: 'restart',
    waitMs: expect.any(Number),
  });
});

test('a gateway that does not start is stood in for after one attempt', () => {
  const crashed = world({ resources: [resource('gateway', 'crashed')] });
  const first = planned(problem('not-running', 'gateway'), {}, crashed);
  expect(first?.remedy).toBe('start');
  const book = tried({}, keyOf('start', 'gateway'), 999_000);
  expect(planned(problem('not-running', 'gateway'), book, crashed)?.remedy).toBe('fallback-gateway');
});

test('a container that a restart did not help is made anew', () => {
  const part = { ...resource('cache', 'unhealthy'), provider: 'docker' as const };
  const book = quarantine({}, keyOf('restart', 'cache'), 'no');
  const seen = world({ resources: [part] });
  expect(planned(problem('not-answering', 'cache'), book, seen)?.remedy).toBe('recreate-container');
});

test('a port that a stranger holds is not freed; one that we left is', () => {
  const holder = { part: 'cache', port: 6379, pid: 77, program: 'python3', ours: false };
  const strange = planned(problem('port-stolen', 'cache'), {}, world({}, { holders: [holder] }));
  expect(strange?.remedy).toBeUndefined();
  expect(strange?.blocked).toContain('python3 (pid 77) is not ours to end');
  const ours = planned(
    problem('port-stolen', 'cache'),
    {},
    world({}, { holders: [{ ...holder, ours: true }] }),
  );
  expect(ours?.remedy).toBe('free-port');
});

test('what somebody else runs is left to them', () => {
  expect(planned(problem('away', 'cache'))?.blocked).toContain('is not run by qbtc');
  expect(planned(problem('away', 'gateway'))?.remedy).toBe('fallback-gateway');
});

test('a plan that only a migration could carry out is left to a person', () => {
  const change = { action: 'update' as const, kind: 'queue', name: 'q', blocked: 'needs a migration' };
  const seen = world({ topologyPlan: { measured: true, value: [change] } });
  expect(planned(problem('topology-drifted', 'broker'), {}, seen)?.blocked).toContain('needs a migration');
});
