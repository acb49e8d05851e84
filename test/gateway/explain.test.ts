import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { explainRequest } from '../../src/gateway/explain.ts';
import { emptyState } from '../../src/gateway/state.ts';
import type { GatewayObject } from '../../src/model/gateway.ts';
import { startTestGateway, type TestGateway } from '../embedded/gateway/support/gateway.ts';
import { exchange } from '../embedded/gateway/support/http.ts';
import { runs } from '../support/property-runs.ts';

function stateOf(routes: Record<string, GatewayObject>) {
  const state = emptyState();
  for (const [id, route] of Object.entries(routes)) state.route.set(id, route);
  return state;
}

describe('explainRequest', () => {
  const state = stateOf({
    chat: { uri: '/v1/chat/completions', methods: ['POST'] },
    models: { uris: ['/v1/models', '/v1/models/*'], methods: ['GET'] },
    admin: { uri: '/v1/models', host: 'admin.example', methods: ['GET'] },
    off: { uri: '/v1/models', status: 0 },
    beta: { uri: '/v1/models', methods: ['GET'], vars: [['http_x_beta', '==', '1']], priority: 5 },
    inside: { uri: '/v1/models', remote_addr: '10.0.0.0/8', priority: 9 },
    rest: { uri: '/*' },
  });
  const reasons = (request: Parameters<typeof explainRequest>[1]) => {
    const { answer, others } = explainRequest(state, request);
    return { answer: answer?.id, others: Object.fromEntries(others.map(({ id, reason }) => [id, reason])) };
  };

  it('names the route that answers, and why each other one does not', () => {
    expect(reasons({ method: 'get', url: 'http://127.0.0.1:9080/v1/models?x=1' })).toEqual({
      answer: 'models',
      others: {
        rest: 'it would, but models is tried first: its URI is more exact',
        beta: 'its vars do not hold: [["http_x_beta","==","1"]]',
        inside: 'it is for 10.0.0.0/8, the request comes from 127.0.0.1',
        admin: 'it is for the host admin.example, the request has 127.0.0.1',
        chat: 'its URI is not /v1/models',
        off: 'it is switched off (status 0)',
      },
    });
  });

  it('looks at headers, the address and the host', () => {
    expect(reasons({ method: 'GET', url: '/v1/models', headers: { 'X-Beta': '1' } }).answer).toBe('beta');
    expect(reasons({ method: 'GET', url: '/v1/models', from: '10.1.2.3' }).answer).toBe('inside');
    expect(reasons({ method: 'GET', url: '/v1/models', headers: { Host: 'admin.example' } })).toMatchObject({
      answer: 'models',
      others: { admin: expect.stringContaining('it would, but models has the same URI and priority') },
    });
    expect(reasons({ method: 'PUT', url: '/v1/chat/completions' })).toMatchObject({
      answer: 'rest',
      others: { chat: 'it takes POST, not PUT' },
    });
  });

  it('names the routes between which only their age decides', () => {
    const { others } = explainRequest(state, {
      method: 'GET',
      url: '/v1/models',
      headers: { Host: 'admin.example' },
    });
    expect(others.filter(({ undecided }) => undecided).map(({ id }) => id)).toEqual(['admin']);
  });

  it('reads a request as the gateway does', () => {
    const guarded = stateOf({
      guard: { uri: '/größe/*' },
      rest: { uri: '/*' },
      odd: { uri: '/x', vars: ['a'] },
    });
    const answered = (url: string) => explainRequest(guarded, { method: 'GET', url }).answer?.id;
    expect(answered('/gr%C3%B6%C3%9Fe/x#/../y')).toBe('guard');
    expect(answered('/größe/../größe//x')).toBe('guard');
    expect(answered('/gr%F6%DFe/x')).toBe('rest');
    expect(() => answered('/a/%00')).toThrow(/a NUL or above the root/);
    expect(explainRequest(guarded, { method: 'GET', url: '/x' }).others).toContainEqual({
      id: 'odd',
      uris: ['/x'],
      reason: 'it cannot be judged: rule should be wrapped inside brackets',
      undecided: false,
    });
  });

  it('says what is wrong with a URL', () => {
    expect(() => reasons({ method: 'GET', url: 'no url' })).toThrow(/"no url" is no URL/);
  });

  describe('beside the gateway', () => {
    let gateway: TestGateway;
    beforeAll(async () => {
      gateway = await startTestGateway();
    });
    afterAll(() => gateway.close());

    it('says what the gateway does, whatever the routes', async () => {
      const uri = fc.constantFrom('/a', '/a/b', '/a/*', '/a/:x', '/*', '/a/b/*', '/b');
      const route = fc.record(
        {
          uri,
          methods: fc.constantFrom(['GET'], ['POST'], ['GET', 'POST']),
          priority: fc.nat({ max: 2 }),
          host: fc.constantFrom('one.example', '*.example'),
        },
        { requiredKeys: ['uri'] },
      );
      const request = fc.record({
        method: fc.constantFrom('GET', 'POST'),
        path: fc.constantFrom('/a', '/a/b', '/a/b/c', '/b', '/c'),
        host: fc.constantFrom('one.example', 'two.example', 'other.test'),
      });
      await fc.assert(
        fc.asyncProperty(
          fc.array(route, { minLength: 1, maxLength: 5 }),
          fc.array(request, { minLength: 1, maxLength: 3 }),
          async (list, requests) => {
            const routes = Object.fromEntries(
              list.map((each, index) => [`r${index}`, each as GatewayObject]),
            );
            for (const [id, each] of Object.entries(routes)) {
              // The route names itself in its answer, before anything is forwarded.
              const plugins = { 'response-rewrite': { headers: { set: { 'X-Matched': id } } } };
              await gateway.admin('PUT', `/routes/${id}`, {
                ...each,
                plugins,
                upstream: { type: 'roundrobin', nodes: {} },
              });
            }
            for (const { method, path, host } of requests) {
              const { headers } = await exchange(gateway.proxyUrl + path, {
                method,
                headers: { Host: host },
              });
              const told = explainRequest(stateOf(routes), { method, url: path, headers: { Host: host } });
              expect(told.answer?.id).toBe(headers['x-matched']);
            }
            for (const id of Object.keys(routes)) await gateway.admin('DELETE', `/routes/${id}`);
          },
        ),
        { numRuns: runs(20, 60) },
      );
    });
  });
});
