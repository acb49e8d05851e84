import { describe, expect, it } from 'vitest';
import { QbtcError } from '../../src/errors.ts';
import { desiredGateway } from '../../src/gateway/desired.ts';
import { LLM_STACK, stackWith } from './stacks.ts';

const LABELS = { 'managed-by': 'qbtc', 'qbtc-stack': 'acme' };

describe('desiredGateway', () => {
  it('gives a service with routes one upstream with a node for each replica', () => {
    const { upstream } = desiredGateway(LLM_STACK);
    expect([...upstream]).toEqual([
      [
        'acme-llm-api',
        {
          name: 'llm-api',
          type: 'roundrobin',
          nodes: { '127.0.0.1:8000': 1, '127.0.0.1:8001': 1 },
          checks: { active: expect.objectContaining({ type: 'http', http_path: '/health' }) },
          labels: LABELS,
        },
      ],
    ]);
  });

  it('leads to a service that runs already where it runs, under the name that it has there', () => {
    const upstreamOf = (url: string) => {
      const services = [{ name: 'a', url, routes: [{ name: 'r', uri: '/' }] }];
      return desiredGateway(stackWith({ services })).upstream.get('acme-a');
    };
    expect(upstreamOf('http://127.0.0.1:9000')).toEqual({
      name: 'a',
      type: 'roundrobin',
      nodes: { '127.0.0.1:9000': 1 },
      labels: LABELS,
    });
    expect(upstreamOf('https://billing.example')).toMatchObject({
      nodes: { 'billing.example:443': 1 },
      scheme: 'https',
      pass_host: 'node',
    });
    expect(upstreamOf('http://[2001:db8::1]:81')).toMatchObject({ nodes: { '[2001:db8::1]:81': 1 } });
  });

  it.each([
    [
      { kind: 'http' as const, path: '/ready', status: [204] },
      { http_path: '/ready', healthy: { http_statuses: [204] } },
    ],
    [{ kind: 'tcp' as const }, { type: 'tcp' }],
    [{ kind: 'grpc' as const, service: '' }, { type: 'tcp' }],
    [{ kind: 'log' as const, pattern: 'x' }, { type: 'tcp' }],
  ])('asks replicas in the way of their readiness, as far as it can: %o', (health, active) => {
    const services = [{ name: 'a', health, replicas: 2, routes: [{ name: 'r', uri: '/' }] }];
    expect(desiredGateway(stackWith({ services })).upstream.get('acme-a')?.checks).toMatchObject({ active });
  });

  it('leaves the declared fields of a route as they are', () => {
    const declared = LLM_STACK.services[0]?.routes[0];
    expect(desiredGateway(LLM_STACK).route.get('acme-llm-chat')).toEqual({
      ...declared,
      upstream_id: 'acme-llm-api',
      labels: LABELS,
    });
  });

  it('keeps the labels of the declaration beside the stamp, and a target that the route names itself', () => {
    const stack = stackWith({
      services: [
        {
          name: 'a',
          routes: [{ name: 'r', uri: '/', labels: { team: 'x', 'managed-by': 'me' }, service_id: 's' }],
        },
      ],
    });
    expect(desiredGateway(stack).route.get('acme-r')).toEqual({
      name: 'r',
      uri: '/',
      service_id: 's',
      labels: { team: 'x', ...LABELS },
    });
  });

  it('holds a consumer and its credentials apart', () => {
    const { consumer, credential } = desiredGateway(LLM_STACK);
    expect(consumer.get('app')).toEqual({ username: 'app', labels: LABELS });
    expect(credential.get('app/app-bearer')).toEqual({
      plugins: { 'key-auth': { key: 'Bearer app-secret-value' } },
      labels: LABELS,
    });
  });

  it('names all that cannot be synced at once: ids that APISIX refuses or that are claimed twice', () => {
    const stack = stackWith({
      services: [
        {
          name: 'a',
          routes: [
            { name: 'same', uri: '/1' },
            { name: 'with space', uri: '/2' },
          ],
        },
        {
          name: 'b',
          routes: [
            { name: 'same', uri: '/3' },
            { name: 'x'.repeat(64), uri: '/4' },
          ],
        },
      ],
      consumers: [{ username: 'not/a/name' }],
    });
    stack.gateway.objects.push({ kind: 'route', id: 'acme-same', object: {} });
    let thrown: unknown;
    try {
      desiredGateway(stack);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(QbtcError);
    expect((thrown as QbtcError).code).toBe('GATEWAY_DECLARATION');
    expect((thrown as QbtcError).details.map((line) => line.split(':')[0])).toEqual([
      'services.a.routes.with space',
      'services.b.routes.same and services.a.routes.same would both be the route acme-same',
      `services.b.routes.${'x'.repeat(64)}`,
      'gateway.consumers.not/a/name',
      'route acme-same and services.b.routes.same would both be the route acme-same',
    ]);
  });
});
