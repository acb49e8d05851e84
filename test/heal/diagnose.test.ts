import { expect, test } from 'vitest';
import { diagnose } from '../../src/heal/diagnose.ts';
import { isLeftOver } from '../../src/heal/world.ts';
import type { ResourceObservation } from '../../src/model/observation.ts';
import { resource, snapshot } from '../score/world.ts';
import { chained, world } from './world.ts';

type State = ResourceObservation['state'];
const parts = (states: Record<string, State | Partial<ResourceObservation>>) =>
  snapshot().resources.map((part) => {
    const change = states[part.name];
    if (change === undefined) return part;
    return typeof change === 'string' ? resource(part.name, change) : { ...part, ...change };
  });
const found = (states: Parameters<typeof parts>[0], more = {}) =>
  diagnose(world({ resources: parts(states) }, more), chained()).map(({ kind, subject, victims }) => [
    kind,
    subject,
    victims,
  ]);

test('a stack that is well has no problem', () => {
  expect(diagnose(world(), chained())).toEqual([]);
});

test('of a broker and its victims the broker alone is the problem', () => {
  const unhealthy = { state: 'unhealthy' as const, kind: 'service' as const, reason: '/health answers 503' };
  expect(found({ broker: 'crashed', 'llm-api': unhealthy, 'quantum-core': unhealthy })).toEqual([
    ['not-running', 'broker', ['llm-api', 'quantum-core']],
  ]);
});

test('each state is a problem of its own kind', () => {
  const kindOf = (part: Partial<ResourceObservation>, more = {}) => found({ cache: part }, more)[0]?.[0];
  expect(kindOf({ state: 'stopped', pid: undefined })).toBe('not-running');
  expect(kindOf({ state: 'unhealthy', pid: 42 })).toBe('not-answering');
  expect(kindOf({ state: 'starting' })).toBe('recovering');
  expect(kindOf({ state: 'unhealthy', provider: 'external' })).toBe('away');
  expect(kindOf({ state: 'unhealthy', pid: undefined, provider: 'docker' })).toBe('not-answering');
  const holder = { part: 'cache', port: 6379, pid: 77, program: 'python3', ours: false };
  expect(kindOf({ state: 'crashed', pid: undefined }, { holders: [holder] })).toBe('port-stolen');
  expect(kindOf({ state: 'unhealthy', standsIn: true })).toBe('stood-in-for');
  expect(kindOf({ state: 'active', standsIn: true })).toBe('stood-in-for');
});

test('a service that is refused is told from one that hangs', () => {
  const problem = { kind: 'status' as const, status: 503, credentialRefused: true as const };
  const part = { state: 'unhealthy' as const, kind: 'service' as const, pid: 42, problem };
  expect(found({ 'llm-api': part })).toEqual([['credential-refused', 'llm-api', []]]);
});

test('without a supervisor what runs is unsupervised, and a stack that is down is not', () => {
  const running = world({ supervisor: undefined });
  expect(diagnose(running, chained()).map(({ kind }) => kind)).toEqual(['unsupervised']);
  const resources = snapshot().resources.map(({ name }) => resource(name, 'stopped'));
  const down = diagnose(world({ supervisor: undefined, resources }), chained());
  expect(down.map(({ kind, subject }) => [kind, subject])).toEqual([['down', 'acme']]);
  const crashed = snapshot().resources.map(({ name }) => resource(name, 'crashed'));
  const lost = diagnose(world({ supervisor: undefined, resources: crashed }), chained());
  expect(new Set(lost.map(({ kind }) => kind))).toEqual(new Set(['not-running']));
});

test('drift is a problem, and comes after the parts', () => {
  const change = { action: 'create' as const, kind: 'queue', name: 'q' };
  const problems = diagnose(
    world({
      resources: parts({ cache: 'crashed' }),
      topologyPlan: { measured: true, value: [change] },
      routePlan: { measured: true, value: [{ ...change, kind: 'route' }] },
    }),
    chained(),
  );
  expect(problems.map(({ kind, subject }) => [kind, subject])).toEqual([
    ['not-running', 'cache'],
    ['topology-drifted', 'broker'],
    ['routes-drifted', 'gateway'],
  ]);
});

test('dead letters count once: what died again after a replay has another reason', () => {
  const letter = (replays: number, type?: string) => ({
    index: 0,
    ...(type === undefined ? {} : { type }),
    reason: 'connect ECONNREFUSED',
    origin: { exchange: '', routingKey: 'q' },
    replays,
    status: 'would be replayed' as const,
  });
  const kinds = (letters: ReturnType<typeof letter>[]) =>
    diagnose(world({}, { deadLetters: [{ queue: 'q_dead_letters', letters }] }), chained());
  expect(kinds([letter(0, 'llm_request'), letter(1, 'llm_request')])).toMatchObject([
    { kind: 'dead-letters', subject: 'q_dead_letters', reason: expect.stringContaining('1 dead letter ') },
  ]);
  expect(kinds([letter(1, 'llm_request')])).toEqual([]);
  expect(kinds([letter(0)])).toEqual([]);
});

test('only what names the folder of this stack, or is our program run for it, is left over from it', () => {
  const installation = { root: '/opt/qbtc', version: '1' };
  const is = (args: string[], cwd = '/elsewhere') =>
    isLeftOver({ installation }, { root: '/home/me/acme' }, { args, cwd });
  expect(is(['node', '/home/me/acme/.qbtc/build/llm-api.mjs'])).toBe(true);
  expect(is(['postgres', '-D', '/home/me/acme/.qbtc/data/database'])).toBe(true);
  expect(is(['node', '/opt/qbtc/dist/src/embedded/broker/main.js'], '/home/me/acme')).toBe(true);
  // Another stack's, a file with a name like ours, and somebody's program in our folder.
  expect(is(['node', '/opt/qbtc/dist/src/embedded/broker/main.js'], '/home/me/other')).toBe(false);
  expect(is(['node', '/home/me/acme2/.qbtc/build/llm-api.mjs'])).toBe(false);
  expect(is(['python3', '-m', 'http.server'], '/home/me/acme')).toBe(false);
});

test('a flow that stops although every part is well is a problem of where it stops', () => {
  const { flows } = snapshot();
  if (!flows.measured || flows.value[0] === undefined) throw new Error('no flow');
  const stoppedAt = { hop: 2, name: 'h', subject: 'llm-api', reason: 'no llm_request', logLines: [] };
  const value = [{ ...flows.value[0], status: 'failed' as const, stoppedAt }];
  expect(diagnose(world({ flows: { measured: true, value } }), chained())).toMatchObject([
    { kind: 'failing', subject: 'llm-api', reason: expect.stringContaining('no llm_request') },
  ]);
  // With a broken part the flow has its reason there.
  const resources = parts({ broker: 'crashed' });
  expect(
    diagnose(world({ resources, flows: { measured: true, value } }), chained()).map(({ kind }) => kind),
  ).toEqual(['not-running']);
});
