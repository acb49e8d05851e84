import type { ResourceObservation, Snapshot } from '../../src/model/observation.ts';
import type { Stack } from '../../src/model/stack.ts';
import { service } from '../flow/chain.ts';
import { emptyStack } from '../support/stack.ts';

export function resource(name: string, state: ResourceObservation['state'] = 'active'): ResourceObservation {
  return {
    name,
    kind: 'redis',
    provider: 'embedded',
    state,
    reason: state === 'active' ? '' : 'exited with 1',
    pid: state === 'active' ? 42 : undefined,
    ports: [6379],
    restarts: 0,
    health: { measured: false, reason: 'not asked' },
  };
}

/** A gateway, two services with a route each, and one flow file. */
export function stack(): Stack {
  return emptyStack('/stack', {
    topologyFiles: ['/stack/infrastructure/rabbitmq/topology.yaml'],
    resources: [
      {
        name: 'broker',
        kind: 'rabbitmq',
        ports: {},
        endpoint: { url: 'amqp://127.0.0.1', host: '', port: 5672 },
      },
      {
        name: 'gateway',
        kind: 'apisix',
        ports: {},
        endpoint: { url: 'http://127.0.0.1:9080', host: '', port: 9080 },
      },
    ],
    services: [
      service('llm-api', 8000, { routes: [{ name: 'llm-chat' }, { name: 'llm-models' }] }),
      service('quantum-core', 8001, { routes: [{ name: 'core' }] }),
    ],
    flowFiles: ['/stack/flows/llm.yaml'],
  });
}

/** That stack, with nothing to complain about. */
export function snapshot(changes: Partial<Snapshot> = {}): Snapshot {
  const found = (name: string, port: number) => ({ name, port, healthy: true, evidence: [], problem: '' });
  const answered = (route: string) => ({
    route,
    request: 'GET /',
    status: 200,
    answered: true,
    evidence: '200',
  });
  const telemetry = (name: string) => ({
    service: name,
    logLines: { read: 3, wellFormed: 3, forms: ['qbtc'], unread: 0 },
    healthDetails: { measured: true as const, value: { checks: 2, problem: '', form: 'checks', details: 2 } },
    metrics: { measured: true as const, value: { families: 9, problem: '', absent: false } },
  });
  return {
    stack: 'acme',
    strategy: 'fallback',
    profile: 'qbtc',
    takenAt: '2030-01-01T00:00:00.000Z',
    supervisor: { pid: 1 },
    resources: ['broker', 'cache', 'gateway', 'llm-api', 'quantum-core'].map((name) => resource(name)),
    discovered: { measured: true, value: [found('llm-api', 8000), found('quantum-core', 8001)] },
    topologyPlan: { measured: true, value: [] },
    routePlan: { measured: true, value: [] },
    routeAnswers: { measured: true, value: ['llm-chat', 'llm-models', 'core'].map(answered) },
    flows: {
      measured: true,
      value: [
        {
          name: 'llm',
          file: '/stack/flows/llm.yaml',
          status: 'passed',
          correlationId: 'c',
          durationMs: 10,
          hops: ['gateway', 'llm-api', 'quantum-core'].map((subject, index) => ({
            name: `${subject} did its part`,
            subject,
            status: 'passed' as const,
            atMs: index,
            evidence: 'seen',
          })),
        },
      ],
    },
    telemetry: { measured: true, value: ['llm-api', 'quantum-core'].map(telemetry) },
    ...changes,
  };
}
