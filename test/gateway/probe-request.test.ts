import { describe, expect, it } from 'vitest';
import { probeRequest } from '../../src/gateway/probe-request.ts';
import { LLM_STACK } from './stacks.ts';

const CONSUMERS = LLM_STACK.gateway.consumers;

describe('probeRequest', () => {
  it('prefers a safe method, and sends a body that nobody can read where there is none', () => {
    expect(probeRequest({ uri: '/a', methods: ['POST', 'GET'] }, [])).toMatchObject({ method: 'GET' });
    expect(probeRequest({ uri: '/a' }, [])).not.toHaveProperty('body');
    const post = probeRequest({ uri: '/a', methods: ['DELETE', 'POST'] }, []);
    expect(post).toMatchObject({ method: 'POST', body: '{' });
  });

  it('does not ask with OPTIONS what the cors plugin answers before the service', () => {
    const plugins = { cors: {} };
    expect(probeRequest({ uri: '/a', methods: ['POST', 'OPTIONS'], plugins }, [])).toMatchObject({
      method: 'POST',
      body: '{',
    });
    expect(probeRequest({ uri: '/a', methods: ['OPTIONS', 'PATCH'] }, [])).toMatchObject({ method: 'PATCH' });
    expect(probeRequest({ uri: '/a', methods: ['OPTIONS', 'GET'], plugins }, [])).toMatchObject({
      method: 'GET',
    });
    expect(probeRequest({ uri: '/a', methods: ['OPTIONS'] }, [])).toMatchObject({ method: 'OPTIONS' });
    expect(probeRequest({ uri: '/a', methods: ['OPTIONS'], plugins }, [])).toHaveProperty('untried');
    expect(probeRequest({ uri: '/a', methods: ['DELETE', 'OPTIONS'], plugins }, [])).toHaveProperty(
      'untried',
    );
  });

  it('never deletes what may exist', () => {
    expect(probeRequest({ uri: '/cache', methods: ['DELETE'] }, [])).toHaveProperty('untried');
    expect(probeRequest({ uri: '/orders/:id', methods: ['DELETE'] }, [])).toMatchObject({
      method: 'DELETE',
      path: '/orders/qbtc-probe',
    });
  });

  it('fills in what the URI and the host leave open', () => {
    expect(probeRequest({ uris: ['/v1/*', '/v2/*'], hosts: ['*.example.com'] }, [])).toMatchObject({
      path: '/v1/qbtc-probe',
      headers: { host: 'qbtc-probe.example.com' },
    });
    expect(probeRequest({ uri: '/*' }, [])).toMatchObject({ path: '/qbtc-probe' });
  });

  it('comes as the test consumer, with the key in the form that the header usually has', () => {
    const authorization = { 'key-auth': { header: 'Authorization' } };
    expect(probeRequest({ uri: '/a', plugins: authorization }, CONSUMERS)).toMatchObject({
      headers: { authorization: 'Bearer test-secret-value' },
    });
    expect(probeRequest({ uri: '/a', plugins: { 'key-auth': {} } }, CONSUMERS)).toMatchObject({
      headers: { apikey: 'test-secret-value' },
    });
    expect(
      probeRequest({ uri: '/a', plugins: { 'key-auth': { _meta: { disable: true } } } }, CONSUMERS),
    ).toMatchObject({
      headers: { 'user-agent': 'qbtc-probe' },
    });
  });

  it('takes another key where there is no test consumer', () => {
    const withoutTest = CONSUMERS.filter((consumer) => consumer.username !== 'test');
    expect(probeRequest({ uri: '/a', plugins: { 'key-auth': {} } }, withoutTest)).toMatchObject({
      headers: { apikey: 'Bearer app-secret-value' },
    });
  });

  it.each([
    ['vars', [['http_x_test', '==', '1']]],
    ['filter_func', 'function(vars) return false end'],
    ['remote_addrs', ['10.0.0.0/8']],
  ])('does not try a route whose %s ask for more than a probe has', (field, value) => {
    expect(probeRequest({ uri: '/a', [field]: value }, [])).toMatchObject({
      untried: expect.stringContaining(field),
    });
    expect(probeRequest({ uri: '/a', vars: [] }, [])).toMatchObject({ method: 'GET', path: '/a' });
  });
});
