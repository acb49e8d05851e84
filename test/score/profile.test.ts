import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ServiceTelemetry, Snapshot } from '../../src/model/observation.ts';
import { CHECK_CODES, type Score } from '../../src/model/score.ts';
import type { Stack } from '../../src/model/stack.ts';
import { compare, recordOf, score } from '../../src/score/index.ts';
import { service } from '../flow/chain.ts';
import { resource, snapshot, stack } from './world.ts';

/** A service of somebody else's, as far as its records tell nothing. */
const mute = (name: string): ServiceTelemetry => ({
  service: name,
  logLines: { read: 2, wellFormed: 0, firstBroken: 'ready', forms: [], unread: 0 },
  healthDetails: { measured: true, value: { checks: 0, problem: 'no checks', form: 'text', details: 0 } },
  metrics: { measured: true, value: { families: 0, problem: '/metrics answers 404', absent: true } },
});

/** Two services and a broker, with nothing else declared. */
const foreignStack = (changes: Partial<Stack> = {}): Stack => ({
  ...stack(),
  resources: stack().resources.filter(({ kind }) => kind === 'rabbitmq'),
  services: [service('orders', 3000), service('billing', 3001)],
  topologyFiles: [],
  flowFiles: [],
  ...changes,
});
const foreign = (changes: Partial<Snapshot> = {}): Snapshot => ({
  ...snapshot(),
  profile: 'foreign',
  resources: ['broker', 'orders', 'billing'].map((name) => resource(name)),
  discovered: {
    measured: true,
    value: [
      { name: 'orders', port: 3000, healthy: true, evidence: [], problem: '' },
      { name: 'billing', port: 3001, healthy: true, evidence: [], problem: '' },
    ],
  },
  routeAnswers: { measured: false, reason: 'the stack declares no gateway' },
  flows: { measured: true, value: [] },
  telemetry: { measured: true, value: [mute('orders'), mute('billing')] },
  ...changes,
});
const maxOf = ({ components }: Score) => components.map(({ max }) => max);
const withTelemetry = (changes: Partial<ServiceTelemetry>, other = mute('billing')) =>
  foreign({ telemetry: { measured: true, value: [{ ...mute('orders'), ...changes }, other] } });

describe('by the profile foreign', () => {
  test('a stack that does all that it declares has 100', () => {
    const result = score(foreign(), foreignStack());
    expect(result).toMatchObject({ profile: 'foreign', total: 100, max: 100, grade: 'A', notMeasured: [] });
    // 30 and 25 of 55.
    expect(maxOf(result)).toEqual([54.55, 45.45, 0, 0, 0]);
  });

  test('what it does not declare is listed with what it would count', () => {
    const { undeclared } = score(foreign(), foreignStack());
    expect(
      undeclared.map(({ code, subjects, brings, predicted }) => [code, subjects, brings, predicted]),
    ).toEqual([
      ['ROUTES_IN_SYNC', ['acme'], 26.67, 100],
      ['ROUTES_ANSWER', ['acme'], 26.67, 100],
      ['CONNECTIVITY_HOP', ['acme'], 21.43, 100],
      ['TOPOLOGY_IN_SYNC', ['acme'], 21.43, 100],
      ['MONITORING_LOG_LINES', ['orders', 'billing'], 15.39, 100],
      ['MONITORING_HEALTH_DETAILS', ['orders', 'billing'], 15.39, 100],
      ['MONITORING_METRICS', ['orders', 'billing'], 15.39, 100],
    ]);
  });

  test('what it loses it loses in full, and what more it declares dilutes it', () => {
    const down = foreign({
      resources: [resource('broker'), resource('orders'), resource('billing', 'crashed')],
    });
    const { total, undeclared, failures } = score(down, foreignStack());
    expect(total).toBe(81.82);
    expect(undeclared[0]).toMatchObject({ brings: 26.67, predicted: 86.67 });
    expect(failures).toMatchObject([{ kind: 'dead', subject: 'billing' }]);
  });

  test('a service without metrics leaves its share to the one that has some', () => {
    const world = withTelemetry({
      metrics: { measured: true, value: { families: 0, problem: 'cut', absent: false } },
    });
    const result = score(world, foreignStack());
    expect(maxOf(result)).toEqual([46.15, 38.46, 0, 0, 15.39]);
    expect(result.total).toBe(84.61);
    expect(result.undeclared.find(({ code }) => code === 'MONITORING_METRICS')?.subjects).toEqual([
      'billing',
    ]);
  });

  test.each<[string, Partial<ServiceTelemetry>, number]>([
    ['log lines in a form', { logLines: { read: 9, wellFormed: 0, forms: ['Nest'], unread: 0 } }, 100],
    ['half of the lines in none', { logLines: { read: 10, wellFormed: 0, forms: ['Nest'], unread: 5 } }, 100],
    [
      'more lines in none',
      { logLines: { read: 10, wellFormed: 0, forms: ['Nest'], unread: 6, firstUnread: 'oops' } },
      84.61,
    ],
    ['no log line', { logLines: { read: 0, wellFormed: 0, forms: [], unread: 0 } }, 100],
    [
      'details of Terminus',
      { healthDetails: { measured: true, value: { checks: 0, problem: 'x', form: 'Terminus', details: 2 } } },
      100,
    ],
    ['a health document that nobody gave', { healthDetails: { measured: false, reason: 'refused' } }, 84.61],
  ])('%s', (_, telemetry, total) => {
    expect(score(withTelemetry(telemetry), foreignStack()).total).toBe(total);
  });

  test('a route that no probe can pass is out, and one that the gateway refuses is lost', () => {
    const services = [service('orders', 3000, { routes: [{ name: 'a' }, { name: 'b' }] })];
    const own = foreignStack({ services, resources: stack().resources });
    const answers = (barredBy: { barredBy?: string }) =>
      foreign({
        routeAnswers: {
          measured: true,
          value: [
            { route: 'a', request: 'GET /a', status: 200, answered: true, evidence: '200' },
            { route: 'b', request: 'GET /b', status: 401, answered: false, ...barredBy, evidence: '401' },
          ],
        },
      });
    expect(score(answers({ barredBy: 'jwt-auth' }), own).total).toBe(100);
    expect(score(answers({ barredBy: 'jwt-auth' }), own).undeclared.map(({ code }) => code)).toContain(
      'ROUTES_ANSWER',
    );
    expect(score(answers({}), own).total).toBeLessThan(100);
    // By the other profile the probe is to pass.
    expect(score({ ...answers({ barredBy: 'jwt-auth' }), profile: 'qbtc' }, own).gains[0]?.why).toBe('401');
  });

  test('a stack that declares nothing has nothing to win', () => {
    const empty = foreignStack({ services: [], resources: [] });
    const result = score(foreign({ resources: [], telemetry: { measured: true, value: [] } }), empty);
    expect(result).toMatchObject({ total: 0, max: 100, undeclared: [] });
    expect(result.notMeasured).toHaveLength(CHECK_CODES.length);
  });

  test('the points of the checks add up to 100, whatever is declared', () => {
    const flag = fc.boolean();
    fc.assert(
      fc.property(
        flag,
        flag,
        flag,
        flag,
        fc.array(fc.nat({ max: 40 }), { minLength: 5, maxLength: 5 }),
        (a, b, c, d, w) => {
          const rest =
            100 -
            Math.min(
              100,
              w.slice(1).reduce((sum, each) => sum + each, 0),
            );
          const [, discovery = 0, routes = 0, connectivity = 0, monitoring = 0] = w;
          fc.pre(rest > 0 && discovery + routes + connectivity + monitoring + rest === 100);
          const weights = { infrastructure: rest, discovery, routes, connectivity, monitoring };
          const own = foreignStack({
            ...(a ? { resources: stack().resources } : {}),
            ...(b ? { topologyFiles: stack().topologyFiles } : {}),
            score: { target: 85, weights, ignore: [] },
          });
          const world = foreign({
            ...(c ? { flows: snapshot().flows } : {}),
            ...(d ? { telemetry: { measured: true, value: [mute('orders')] } } : {}),
          });
          const result = score(world, own);
          expect(result.max).toBe(100);
          expect(result.total).toBeLessThanOrEqual(100);
          for (const { brings, predicted } of result.undeclared) {
            expect(brings).toBeLessThanOrEqual(100);
            expect(predicted).toBeLessThanOrEqual(100);
          }
        },
      ),
    );
  });
});

test('by the profile qbtc the same stack is asked for all, with the weights as they are', () => {
  const result = score({ ...foreign(), profile: 'qbtc' }, foreignStack());
  expect(maxOf(result)).toEqual([30, 25, 20, 15, 10]);
  expect(result.total).toBe(55);
  expect(result.undeclared).toEqual([]);
  expect(result.notMeasured.reduce((sum, { max }) => sum + max, 0)).toBe(35);
});

test('the record of a score says by which profile it was, and a comparison by which the other was', () => {
  const now = score(foreign(), foreignStack());
  const { profile: _, ...old } = recordOf(now, undefined);
  expect(recordOf(now, undefined).profile).toBe('foreign');
  expect(compare(now, recordOf(now, undefined)).against.profile).toBe('foreign');
  expect(compare(now, old).against).not.toHaveProperty('profile');
});
