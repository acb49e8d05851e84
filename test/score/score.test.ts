import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Snapshot } from '../../src/model/observation.ts';
import type { ScoreComponent } from '../../src/model/stack.ts';
import { score } from '../../src/score/index.ts';
import { resource, snapshot, stack } from './world.ts';

const componentOf = (world: Snapshot, name: ScoreComponent) => {
  const component = score(world, stack()).components.find((each) => each.name === name);
  if (!component) throw new Error(`no component ${name}`);
  return component;
};
const failedChecks = (world: Snapshot, name: ScoreComponent) =>
  componentOf(world, name).checks.filter((check) => check.status === 'failed');

test('a stack with nothing to complain about has all points', () => {
  const result = score(snapshot(), stack());
  expect(result).toMatchObject({
    stack: 'acme',
    strategy: 'fallback',
    total: 100,
    max: 100,
    notMeasured: [],
  });
  expect(result.components.map(({ points }) => points)).toEqual([30, 25, 20, 15, 10]);
});

test('five of eight resources active are 18.75 of 30', () => {
  const resources = Array.from({ length: 8 }, (_, index) =>
    resource(`r${index}`, index < 5 ? 'active' : 'stopped'),
  );
  expect(componentOf(snapshot({ resources }), 'infrastructure')).toMatchObject({ points: 18.75, max: 30 });
});

test('a resource that is not active costs its share, and says why and what to do', () => {
  const resources = [
    resource('broker'),
    resource('cache', 'crashed'),
    { ...resource('core', 'unhealthy'), pid: 43 },
  ];
  expect(failedChecks(snapshot({ resources }), 'infrastructure')).toEqual([
    {
      code: 'INFRA_RESOURCE_ACTIVE',
      subject: 'cache',
      points: 0,
      max: 10,
      status: 'failed',
      evidence: 'redis (embedded) is crashed',
      fix: { why: 'exited with 1', command: 'qbtc up' },
    },
    expect.objectContaining({
      subject: 'core',
      fix: { why: 'exited with 1', command: 'qbtc down && qbtc up' },
    }),
  ]);
});

test('a service is found when each of its replicas is', () => {
  const instance = (port: number, problem: string) => ({
    name: 'llm-api',
    port,
    healthy: problem === '',
    evidence: [],
    problem,
  });
  const discovered = {
    measured: true as const,
    value: [instance(8000, ''), instance(8001, 'nothing listens')],
  };
  const [first] = failedChecks(snapshot({ discovered }), 'discovery');
  expect(first).toMatchObject({ subject: 'llm-api', max: 12.5, fix: { why: 'nothing listens' } });
});

test('a route plan that is not empty costs half of the routes', () => {
  const routePlan = {
    measured: true as const,
    value: [{ action: 'create' as const, kind: 'route', name: 'x' }],
  };
  expect(componentOf(snapshot({ routePlan }), 'routes').points).toBe(10);
  expect(failedChecks(snapshot({ routePlan }), 'routes')).toMatchObject([
    { code: 'ROUTES_IN_SYNC', max: 10, fix: { command: 'qbtc routes sync' } },
  ]);
});

test('a route that does not answer costs its part of the other half', () => {
  const value = ['llm-chat', 'llm-models', 'core'].map((route) => ({
    route,
    request: 'GET /',
    answered: route !== 'core',
    evidence: route === 'core' ? '502 from the gateway' : '200',
  }));
  const world = snapshot({ routeAnswers: { measured: true, value } });
  expect(componentOf(world, 'routes').points).toBe(16.67);
  expect(failedChecks(world, 'routes')).toMatchObject([
    { subject: 'core', max: 3.33, fix: { command: 'qbtc logs quantum-core' } },
  ]);
});

test('a flow that stopped costs the hops from there on', () => {
  const flow = snapshot().flows;
  if (!flow.measured || !flow.value[0]) throw new Error('no flow');
  const [first, second, third] = flow.value[0].hops;
  if (!first || !second || !third) throw new Error('no hops');
  const stopped = {
    ...flow.value[0],
    status: 'failed' as const,
    hops: [first, { ...second, status: 'failed' as const }, { ...third, status: 'not-reached' as const }],
    stoppedAt: { hop: 2, name: second.name, subject: 'llm-api', reason: 'no llm_request', logLines: [] },
  };
  const world = snapshot({ flows: { measured: true, value: [stopped] } });
  expect(componentOf(world, 'connectivity')).toMatchObject({ points: 5, max: 15 });
  expect(failedChecks(world, 'connectivity').map(({ fix }) => fix)).toEqual([
    { why: 'no llm_request', command: 'qbtc logs llm-api' },
    { why: 'the flow stopped at hop 2, llm-api', command: 'qbtc logs llm-api' },
  ]);
});

test('records that are not as they should be cost their part of monitoring', () => {
  const world = snapshot();
  if (!world.telemetry.measured || !world.telemetry.value[0]) throw new Error('no telemetry');
  world.telemetry.value[0] = {
    service: 'llm-api',
    logLines: { read: 3, wellFormed: 2, firstBroken: 'oops' },
    healthDetails: { measured: true, value: { checks: 0, problem: 'no checks' } },
    metrics: { measured: false, reason: 'ECONNREFUSED' },
  };
  expect(componentOf(world, 'monitoring').points).toBe(5);
  expect(failedChecks(world, 'monitoring').map(({ code, evidence }) => [code, evidence])).toEqual([
    ['MONITORING_LOG_LINES', '2 of 3 log lines well-formed'],
    ['MONITORING_HEALTH_DETAILS', 'no checks'],
  ]);
  expect(score(world, stack()).notMeasured).toEqual([
    { code: 'MONITORING_METRICS', subject: 'llm-api', max: 1.66, reason: 'ECONNREFUSED' },
  ]);
});

test('what was not measured is listed apart and never won', () => {
  const reason = 'connect ECONNREFUSED';
  const none = { measured: false as const, reason };
  const world = snapshot({
    discovered: none,
    routePlan: none,
    routeAnswers: none,
    flows: none,
    telemetry: none,
    resources: [],
  });
  const result = score(world, stack());
  expect(result.total).toBe(0);
  expect(result.max).toBe(100);
  expect(result.notMeasured.reduce((sum, { max }) => sum + Math.round(max * 100), 0)).toBe(10_000);
});

test('what the stack does not declare is not won either', () => {
  const result = score(snapshot(), { ...stack(), services: [], resources: [] });
  expect(result.notMeasured.map(({ code, reason }) => [code, reason])).toEqual([
    ['DISCOVERY_SERVICE_FOUND', 'the stack declares no service'],
    ['ROUTES_IN_SYNC', 'the stack declares no gateway'],
    ['ROUTES_ANSWER', 'the stack declares no route'],
    ['MONITORING_LOG_LINES', 'the stack declares no service'],
    ['MONITORING_HEALTH_DETAILS', 'the stack declares no service'],
    ['MONITORING_METRICS', 'the stack declares no service'],
  ]);
});

test('the points of the checks add up to the components, and these to the total, to the hundredth', () => {
  const hundredths = (points: number) => Math.round(points * 100);
  const sum = (points: number[]) => points.reduce((total, each) => total + hundredths(each), 0);
  const state = fc.constantFrom('active' as const, 'stopped' as const);
  const weight = fc.integer({ min: 0, max: 10_000 }).map((each) => each / 100);
  fc.assert(
    fc.property(
      fc.array(state, { maxLength: 40 }),
      fc.record({
        infrastructure: weight,
        discovery: weight,
        routes: weight,
        connectivity: weight,
        monitoring: weight,
      }),
      (states, weights) => {
        const world = snapshot({ resources: states.map((each, index) => resource(`r${index}`, each)) });
        const result = score(world, { ...stack(), score: { target: 85, weights } });
        for (const component of result.components) {
          expect(hundredths(component.points)).toBe(sum(component.checks.map(({ points }) => points)));
          expect(hundredths(component.max)).toBe(hundredths(weights[component.name]));
          expect(component.points).toBeLessThanOrEqual(component.max);
        }
        expect(hundredths(result.total)).toBe(sum(result.components.map(({ points }) => points)));
      },
    ),
  );
});
