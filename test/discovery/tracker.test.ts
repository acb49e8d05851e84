import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Tracker } from '../../src/discovery/watch/tracker.ts';
import type {
  Condition,
  Discovery,
  FoundInstance,
  FoundService,
  SourceName,
} from '../../src/model/discovery.ts';
import { emptyStack } from '../support/stack.ts';

const GRACE = 30_000;
const DRAIN = 5_000;
const stack = emptyStack('/stack');

const instance = (id: string, condition: Condition, more: Partial<FoundInstance> = {}): FoundInstance => ({
  id,
  address: { host: '127.0.0.1', port: 3000 },
  pid: undefined,
  container: undefined,
  version: undefined,
  weight: 1,
  condition,
  reason: condition === 'healthy' ? '' : `it is ${condition}`,
  evidence: [{ source: 'docker', found: '' }],
  joinedBy: [],
  ...more,
});
const service = (instances: FoundInstance[], name = 'shop'): FoundService => ({
  name,
  ownsName: true,
  origin: 'labelled',
  confidence: 0.9,
  condition: 'healthy',
  sources: ['docker'],
  evidence: [],
  instances,
  contradictions: [],
  health: '/health',
  plugins: {},
  route: { from: 'default', uris: [`/api/${name}`] },
  unrouted: '',
});
const seen = (...services: FoundService[]): Discovery => ({
  stack: 'acme',
  takenAt: '2026-01-05T10:00:00.000Z',
  services,
  others: [],
  sources: [],
  findings: [],
});

function watched() {
  const tracker = new Tracker({ graceMs: GRACE, drainMs: DRAIN });
  return {
    tracker,
    look: (
      now: number,
      instances: FoundInstance[],
      { stopping = [], blind = [] }: { stopping?: string[]; blind?: SourceName[] } = {},
    ) =>
      tracker
        .look(seen(...(instances.length === 0 ? [] : [service(instances)])), now, {
          stopping: new Set(stopping),
          blind: new Set(blind),
        })
        .map(({ change }) => change),
    nodes: () => tracker.registrations(stack).map(({ nodes }) => nodes.length),
  };
}

describe('one instance', () => {
  test('appears, and is let in', () => {
    const { look, nodes } = watched();
    expect(look(0, [instance('a', 'healthy')])).toEqual(['appeared']);
    expect(look(10, [instance('a', 'healthy')])).toEqual([]);
    expect(nodes()).toEqual([1]);
  });

  test('that is not well yet has a route that answers 503, and no requests', () => {
    const { look, nodes } = watched();
    expect(look(0, [instance('a', 'starting')])).toEqual(['appeared']);
    expect(nodes()).toEqual([0]);
    expect(look(10, [instance('a', 'healthy')])).toEqual(['healthy']);
    expect(nodes()).toEqual([1]);
  });

  test('is taken out after the second failure in a row, not after the first', () => {
    const { look, nodes } = watched();
    look(0, [instance('a', 'healthy')]);
    expect(look(10, [instance('a', 'unhealthy')])).toEqual([]);
    expect(nodes()).toEqual([1]);
    expect(look(20, [instance('a', 'healthy')])).toEqual([]);
    expect(look(30, [instance('a', 'unhealthy')])).toEqual([]);
    expect(look(40, [instance('a', 'unhealthy')])).toEqual(['unhealthy']);
    expect(nodes()).toEqual([0]);
  });

  test('that crashes keeps its route for the grace, without requests', () => {
    const { look, nodes, tracker } = watched();
    look(0, [instance('a', 'healthy')]);
    expect(look(10, [instance('a', 'crashed')])).toEqual(['crashed']);
    expect(nodes()).toEqual([0]);
    expect(tracker.nextDeadline()).toBe(10 + GRACE);
    expect(look(GRACE, [instance('a', 'crashed')])).toEqual([]);
    expect(look(10 + GRACE, [instance('a', 'crashed')])).toEqual(['gone']);
    expect(nodes()).toEqual([]);
    // It still lies there: that is no news.
    expect(look(20 + GRACE, [instance('a', 'crashed')])).toEqual([]);
    expect(look(30 + GRACE, [instance('a', 'healthy')])).toEqual(['appeared']);
  });

  test('that vanishes has crashed, unless somebody asked it to end', () => {
    const first = watched();
    first.look(0, [instance('a', 'healthy')]);
    expect(first.look(10, [])).toEqual(['crashed']);
    const second = watched();
    second.look(0, [instance('a', 'healthy')]);
    expect(second.look(10, [], { stopping: ['a'] })).toEqual(['draining']);
  });

  test('that is asked to end gets no further requests at once, and goes when it is drained', () => {
    const { look, nodes } = watched();
    look(0, [instance('a', 'healthy')]);
    expect(look(10, [instance('a', 'healthy')], { stopping: ['a'] })).toEqual(['draining']);
    expect(nodes()).toEqual([0]);
    expect(look(10 + DRAIN, [instance('a', 'stopped')], { stopping: ['a'] })).toEqual(['gone']);
    expect(nodes()).toEqual([]);
  });

  test('that is out of sight is not gone', () => {
    const { look, nodes } = watched();
    look(0, [instance('a', 'healthy')]);
    expect(look(10, [], { blind: ['docker'] })).toEqual([]);
    expect(nodes()).toEqual([1]);
    expect(look(20, [])).toEqual(['crashed']);
  });

  test('that moves or changes its version is told', () => {
    const { look } = watched();
    look(0, [instance('a', 'healthy')]);
    const moved = instance('a', 'healthy', { address: { host: '127.0.0.1', port: 3001 }, version: '2' });
    expect(look(10, [moved])).toEqual(['changed']);
  });

  test('that does not run when we come is no news', () => {
    const { look, nodes } = watched();
    expect(look(0, [instance('a', 'absent'), instance('b', 'stopped')])).toEqual([]);
    expect(nodes()).toEqual([]);
  });
});

test('what comes and goes is left out until it stays, longer each time', () => {
  const { look, nodes } = watched();
  let now = 0;
  const next = (condition: Condition) => {
    now += 100;
    return look(now, [instance('a', condition)]);
  };
  const up = () => next('healthy');
  const down = () => next('crashed');
  expect(up()).toEqual(['appeared']);
  for (let turn = 0; turn < 2; turn += 1) {
    expect(down()).toEqual(['crashed']);
    expect(up()).toEqual(['healthy']);
  }
  down();
  expect(up()).toEqual(['damped']);
  expect(nodes()).toEqual([0]);
  now += 9_000;
  expect(down()).toEqual(['crashed']);
  expect(up()).toEqual([]);
  now += 15_000;
  expect(up()).toEqual([]);
  now += 6_000;
  expect(up()).toEqual(['settled']);
  expect(nodes()).toEqual([1]);
});

test('two of one service share its route, and the last one takes it along', () => {
  const { look, nodes } = watched();
  look(0, [instance('a', 'healthy'), instance('b', 'healthy')]);
  expect(nodes()).toEqual([2]);
  look(10, [instance('a', 'crashed'), instance('b', 'healthy')]);
  expect(nodes()).toEqual([1]);
  look(10 + GRACE, [instance('b', 'healthy')]);
  expect(nodes()).toEqual([1]);
  look(20 + GRACE, []);
  expect(look(20 + 2 * GRACE, [])).toEqual(['gone']);
  expect(nodes()).toEqual([]);
});

test('whatever happens: only what is healthy gets requests, and what is gone leaves nothing', () => {
  const conditions: Condition[] = [
    'healthy',
    'unhealthy',
    'starting',
    'restarting',
    'crashed',
    'stopped',
    'absent',
  ];
  const step = fc.record({
    after: fc.integer({ min: 1, max: 20_000 }),
    seen: fc.dictionary(fc.constantFrom('a', 'b'), fc.constantFrom(...conditions)),
    stopping: fc.subarray(['a', 'b']),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const { look, nodes, tracker } = watched();
      let now = 0;
      let strikes: Record<string, number> = {};
      for (const { after, seen: shown, stopping } of steps) {
        now += after;
        look(
          now,
          Object.entries(shown).map(([id, condition]) => instance(id, condition)),
          { stopping },
        );
        strikes = Object.fromEntries(
          Object.entries(shown).map(([id, condition]) => [
            id,
            condition === 'healthy' ? 0 : (strikes[id] ?? 0) + 1,
          ]),
        );
        // One failure is forgiven to what was well before.
        const may = Object.entries(shown).filter(
          ([id, condition]) =>
            !stopping.includes(id) &&
            (condition === 'healthy' || (['unhealthy', 'starting'].includes(condition) && strikes[id] === 1)),
        );
        expect(nodes()[0] ?? 0).toBeLessThanOrEqual(may.length);
      }
      look(now + 1, []);
      look(now + 1 + GRACE + DRAIN, []);
      expect(nodes()).toEqual([]);
      expect(tracker.nextDeadline()).toBeUndefined();
    }),
  );
});
