import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { FlowResult } from '../../src/model/flow.ts';
import type { Snapshot } from '../../src/model/observation.ts';
import type { Change } from '../../src/model/plan.ts';
import type { ScoreComponent } from '../../src/model/stack.ts';
import { score } from '../../src/score/index.ts';
import { service } from '../flow/chain.ts';
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
      severity: 'critical',
      points: 0,
      max: 10,
      status: 'failed',
      evidence: 'redis (embedded) is crashed',
      fix: { why: 'exited with 1', cause: 'cache', command: 'qbtc up' },
    },
    expect.objectContaining({
      subject: 'core',
      fix: { why: 'exited with 1', cause: 'core', command: 'qbtc restart core' },
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

test('a service that another stack runs at our port is not found', () => {
  const world = snapshot();
  const problem = 'port 8000 is held by node (pid 42), which is not of this stack';
  const discovered = {
    measured: true as const,
    value: (world.discovered.measured ? world.discovered.value : []).map((found) =>
      found.port === 8000 ? { ...found, pid: 42, problem } : found,
    ),
  };
  expect(failedChecks(snapshot({ discovered }), 'discovery')).toMatchObject([
    { subject: 'llm-api', max: 12.5, fix: { why: problem } },
  ]);
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

test('the one plan of the routes is counted once, however many gateways there are', () => {
  const [broker, gateway] = stack().resources;
  if (!broker || !gateway) throw new Error('no gateway');
  const resources = [broker, gateway, { ...gateway, name: 'second' }];
  const checks = score(snapshot(), { ...stack(), resources }).components.flatMap((each) => each.checks);
  expect(checks.filter(({ code }) => code === 'ROUTES_IN_SYNC')).toMatchObject([
    { subject: 'gateway', points: 10, max: 10 },
  ]);
});

test('a topology that differs costs a fifth of connectivity', () => {
  const change = { action: 'create' as const, kind: 'queue', name: 'q_llm_requests' };
  const world = snapshot({ topologyPlan: { measured: true, value: [change, change] } });
  expect(componentOf(world, 'connectivity').points).toBe(12);
  expect(failedChecks(world, 'connectivity')).toMatchObject([
    {
      code: 'TOPOLOGY_IN_SYNC',
      subject: 'broker',
      max: 3,
      evidence: '2 changes open: create queue q_llm_requests, …',
      fix: { command: 'qbtc topology apply' },
    },
  ]);
});

test('a change that no command carries out is left to a person, with the file', () => {
  const change = { action: 'update' as const, kind: 'queue', name: 'q', blocked: 'needs a migration' };
  const world = snapshot({ topologyPlan: { measured: true, value: [change] } });
  expect(failedChecks(world, 'connectivity')[0]?.fix).toEqual({
    why: 'the broker differs from infrastructure/rabbitmq/topology.yaml',
    cause: 'broker',
    byHand: 'look into infrastructure/rabbitmq/topology.yaml; queue q: needs a migration',
  });
});

test('a queue that needs a migration names the command that makes it, once all else is applied', () => {
  const migration = {
    action: 'update' as const,
    kind: 'queue',
    name: 'q',
    reason: 'needs migration',
    needsMigration: true as const,
    blocked: 'needs migration: …',
  };
  const missing = { action: 'create' as const, kind: 'exchange', name: 'e' };
  const fixOf = (value: (typeof migration | typeof missing)[]) =>
    failedChecks(snapshot({ topologyPlan: { measured: true, value } }), 'connectivity')[0]?.fix;
  expect(fixOf([missing, migration])).toMatchObject({ command: 'qbtc topology apply' });
  expect(fixOf([migration])).toMatchObject({ command: 'qbtc topology migrate q' });
});

test('a service is not taken for a replica of another because of its name', () => {
  const services = [service('api', 8000), service('api-2', 8100)];
  const crashed = snapshot({
    resources: [resource('api'), resource('api-2', 'crashed')],
    telemetry: { measured: true, value: [] },
    discovered: { measured: true, value: [] },
  });
  const components = score(crashed, { ...stack(), services }).components;
  const found = components.flatMap(({ checks }) => checks).filter(({ code }) => code.startsWith('DISC'));
  expect(found.map(({ subject, fix }) => [subject, fix?.command])).toEqual([
    ['api', undefined],
    ['api-2', 'qbtc up'],
  ]);
});

test('what qbtc does not run is not to be started by qbtc', () => {
  const world = snapshot({ resources: [{ ...resource('cache', 'unhealthy'), provider: 'external' }] });
  expect(failedChecks(world, 'infrastructure')[0]?.fix).toEqual({
    why: 'exited with 1',
    cause: 'cache',
    byHand: 'cache is not run by qbtc: start it, or change its address in qbtc.yaml',
  });
});

test('a flow that stops at a gateway without its routes is won back by their sync', () => {
  const { flows } = snapshot();
  if (!flows.measured || !flows.value[0]) throw new Error('no flow');
  const [first, ...others] = flows.value[0].hops;
  if (!first) throw new Error('no hop');
  const stoppedAt = { hop: 1, name: first.name, subject: 'gateway', reason: 'status is 404', logLines: [] };
  const hops = [{ ...first, status: 'failed' as const }, ...others];
  const world = (value: Change[]) =>
    snapshot({
      flows: { measured: true, value: [{ ...(flows.value[0] as FlowResult), hops, stoppedAt }] },
      routePlan: { measured: true, value },
    });
  const fixOf = (each: Snapshot) => failedChecks(each, 'connectivity')[0]?.fix;
  expect(fixOf(world([{ action: 'create', kind: 'route', name: 'llm-chat' }]))?.command).toBe(
    'qbtc routes sync',
  );
  expect(fixOf(world([]))?.byHand).toContain('flows/llm.yaml');
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
    {
      subject: 'core',
      max: 3.33,
      fix: {
        byHand: 'look into services/quantum-core; "qbtc logs quantum-core" shows what quantum-core did',
      },
    },
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
  const byHand = 'look into services/llm-api; "qbtc logs llm-api" shows what llm-api did';
  expect(componentOf(world, 'connectivity')).toMatchObject({ points: 7, max: 15 });
  expect(failedChecks(world, 'connectivity').map(({ fix }) => fix)).toEqual([
    { why: 'no llm_request', cause: 'llm-api', byHand },
    { why: 'the flow stopped at hop 2, llm-api', cause: 'llm-api', byHand },
  ]);
});

test('records that are not as they should be cost their part of monitoring', () => {
  const world = snapshot();
  if (!world.telemetry.measured || !world.telemetry.value[0]) throw new Error('no telemetry');
  world.telemetry.value[0] = {
    service: 'llm-api',
    logLines: { read: 3, wellFormed: 2, firstBroken: 'oops', forms: ['qbtc'], unread: 0 },
    healthDetails: { measured: true, value: { checks: 0, problem: 'no checks', form: 'JSON', details: 0 } },
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
    topologyPlan: none,
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
    ['TOPOLOGY_IN_SYNC', 'the stack declares no topology'],
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
        const result = score(world, { ...stack(), score: { target: 85, weights, ignore: [] } });
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

test('the routes of the gateway itself answer as well, or cost their points', () => {
  const declared = stack();
  const route = (id: string, object: Record<string, unknown>) => ({ kind: 'route' as const, id, object });
  const gateway = {
    ...declared.gateway,
    objects: [route('legacy', { uri: '/legacy' }), route('off', { uri: '/off', status: 0 })],
    locate: () => ({ file: 'infrastructure/apisix_conf/legacy.yaml', line: 4, column: 1 }),
  };
  const world = snapshot();
  const answers = world.routeAnswers.measured ? world.routeAnswers.value : [];
  const asked = (changes: Record<string, unknown>) => {
    const legacy = { route: 'legacy', request: 'GET /legacy', answered: false, evidence: '502', ...changes };
    const routeAnswers = { measured: true as const, value: [...answers, legacy] };
    const { components } = score(snapshot({ routeAnswers }), { ...declared, gateway });
    return components.flatMap(({ checks }) => checks).filter(({ code }) => code === 'ROUTES_ANSWER');
  };
  expect(asked({ answered: true }).map(({ subject, status }) => [subject, status])).toEqual([
    ['llm-chat', 'passed'],
    ['llm-models', 'passed'],
    ['core', 'passed'],
    ['legacy', 'passed'],
  ]);
  expect(asked({}).at(-1)).toMatchObject({
    status: 'failed',
    fix: { byHand: expect.stringContaining('infrastructure/apisix_conf/legacy.yaml:4') },
  });
  expect(asked({ untried: 'its vars may ask for more' }).at(-1)).toMatchObject({
    status: 'not-measured',
    evidence: 'its vars may ask for more',
  });
});
