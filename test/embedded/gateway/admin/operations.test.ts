import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { exchange } from '../support/http.ts';

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());

const NODES = { nodes: { '127.0.0.1:1980': 1 } };

interface Told {
  status: number;
  error_msg?: string;
  key?: string;
  value?: Record<string, unknown>;
  message?: string;
}

async function admin(method: string, path: string, body?: unknown): Promise<Told> {
  const answer = await gateway.admin(method, path, body);
  return { status: answer.status, ...(JSON.parse(answer.body || '{}') as object) };
}

describe('the id of a resource', () => {
  const noId = 'invalid configuration: property "id" validation failed: object matches none of the required';

  it.each([-100, 0, 1.5, 'a b', '', null, 'x'.repeat(65)])('is not %j', async (id) => {
    expect(await admin('PUT', '/upstreams', { id, ...NODES })).toEqual({ status: 400, error_msg: noId });
    expect(await admin('PUT', '/routes', { id, uri: '/x' })).toEqual({ status: 400, error_msg: noId });
  });

  it('is given back as the number that it came as, and found by its text', async () => {
    const put = await admin('PUT', '/upstreams', { id: 7, ...NODES });
    expect(put).toMatchObject({ status: 201, key: '/apisix/upstreams/7', value: { id: 7 } });
    expect(await admin('GET', '/upstreams/7')).toMatchObject({ status: 200, value: { id: 7 } });
    expect(await admin('PUT', '/routes/by-number', { uri: '/x', upstream_id: 7 })).toMatchObject({
      status: 201,
      value: { upstream_id: 7 },
    });
    expect((await admin('DELETE', '/upstreams/7')).error_msg).toBe(
      'can not delete this upstream, route [by-number] is still using it now',
    );
  });

  it('is the text of the path, when the path has one', async () => {
    expect(await admin('PUT', '/upstreams/8', { id: 8, ...NODES })).toMatchObject({ value: { id: '8' } });
    expect(await admin('PUT', '/upstreams/-100', NODES)).toMatchObject({
      status: 201,
      value: { id: '-100' },
    });
    expect(await admin('PATCH', '/upstreams/8', { id: 8, retries: 1 })).toMatchObject({
      status: 200,
      value: { id: '8', retries: 1 },
    });
    expect(await admin('PUT', '/upstreams/8', { id: 9, ...NODES })).toEqual({
      status: 400,
      error_msg: 'wrong upstream id',
    });
  });
});

describe('the name of a resource', () => {
  it.each([
    '/upstreams/named',
    '/services/named',
    '/routes/named',
    '/consumer_groups/named',
  ])('has at most 100 characters at %s', async (path) => {
    const value = { uri: '/named', plugins: {}, ...NODES };
    const fields = path.startsWith('/routes')
      ? { uri: '/named', plugins: {} }
      : path.startsWith('/upstreams')
        ? NODES
        : { plugins: value.plugins };
    expect((await admin('PUT', path, { ...fields, name: 'n'.repeat(100) })).status).toBe(201);
    expect(await admin('PUT', path, { ...fields, name: 'n'.repeat(101) })).toEqual({
      status: 400,
      error_msg:
        'invalid configuration: property "name" validation failed: string too long, expected at most 100, got 101',
    });
  });

  it('of a consumer has them too', async () => {
    expect((await admin('PUT', '/consumers', { username: 'n'.repeat(101) })).error_msg).toBe(
      'invalid configuration: property "username" validation failed: string too long, expected at most 100, got 101',
    );
  });
});

describe('a route', () => {
  it.each([
    [{ host: 'a.example', hosts: ['b.example'] }, 'only one of host or hosts is allowed'],
    [
      { remote_addr: '127.0.0.1', remote_addrs: ['127.0.0.1'] },
      'only one of remote_addr or remote_addrs is allowed',
    ],
    // Said before the schema is asked, as in APISIX.
    [{ host: 'a.example', hosts: 'b.example' }, 'only one of host or hosts is allowed'],
  ])('is not for %j', async (fields, error_msg) => {
    expect(await admin('PUT', '/routes/both', { uri: '/x', upstream: NODES, ...fields })).toEqual({
      status: 400,
      error_msg,
    });
  });
});

describe('a body', () => {
  it('is UTF-8: other bytes would be kept as others than they came', async () => {
    const url = `${gateway.adminUrl}/routes/bytes`;
    const body = Buffer.from('{"uri":"/\xff","plugins":{}}', 'latin1');
    const headers = { 'X-API-KEY': 'a-key-for-tests' };
    const answer = await exchange(url, { method: 'PUT', headers, body });
    expect([answer.status, JSON.parse(answer.body)]).toEqual([
      400,
      { error_msg: 'invalid request body: it is no UTF-8' },
    ]);
  });
});

describe('a time to live', () => {
  it.each(['1e400', 'NaN', '-1', '0', 'soon', ''])('is not %j', async (ttl) => {
    expect(await admin('PUT', `/upstreams/ttl?ttl=${ttl}`, NODES)).toEqual({
      status: 400,
      error_msg: 'invalid argument ttl: should be a number',
    });
  });
});

describe('credentials', () => {
  it('of a consumer that is not there, or has none, are not found', async () => {
    await admin('PUT', '/consumers', { username: 'jack' });
    const missing = { status: 404, message: 'Key not found' };
    for (const path of [
      '/consumers/nobody/credentials',
      '/consumers/nobody/credentials/one',
      '/consumers/jack/credentials',
    ])
      expect(await admin('GET', path)).toEqual(missing);
    expect(await admin('DELETE', '/consumers/nobody/credentials/one')).toEqual(missing);
    expect(await admin('PUT', '/consumers/nobody/credentials/one', {})).toEqual({
      status: 404,
      error_msg: 'consumer not found',
    });
    await admin('PUT', '/consumers/jack/credentials/one', { plugins: { 'key-auth': { key: 'k' } } });
    expect(await admin('GET', '/consumers/jack/credentials')).toMatchObject({ status: 200, total: 1 });
    await admin('DELETE', '/consumers/jack');
    expect(await admin('GET', '/consumers/jack/credentials')).toEqual(missing);
  });
});

describe('a name from outside that every object of JavaScript has', () => {
  it('is a label like another', async () => {
    const labels = '{"__proto__":"a","constructor":"b"}';
    const put = await admin('PUT', '/upstreams/labelled', `{"nodes":{"127.0.0.1:1":1},"labels":${labels}}`);
    expect(put.status).toBe(201);
    const told = await gateway.admin('GET', '/upstreams/labelled');
    expect(told.body).toContain(`"labels":${labels}`);
    const byLabel = async (label: string) =>
      (JSON.parse((await gateway.admin('GET', `/upstreams?label=${label}`)).body) as { total: number }).total;
    expect(await byLabel('toString')).toBe(0);
    expect(await byLabel('__proto__')).toBe(1);
    expect(await byLabel('constructor')).toBe(1);
  });

  it('is no field of a resource, wherever it stands', async () => {
    const found = (name: string) => `invalid configuration: additional properties forbidden, found ${name}`;
    for (const name of ['__proto__', 'constructor', 'toString']) {
      expect(await admin('PUT', '/upstreams/x', `{"nodes":{"127.0.0.1:1":1},"${name}":{"a":1}}`)).toEqual({
        status: 400,
        error_msg: found(name),
      });
      expect(await admin('PATCH', '/upstreams/labelled', `{"${name}":{"a":1}}`)).toEqual({
        status: 400,
        error_msg: found(name),
      });
      expect(await admin('PATCH', `/upstreams/labelled/${name}/a`, '1')).toEqual({
        status: 400,
        error_msg: found(name),
      });
    }
    expect(Object.prototype).not.toHaveProperty('a');
  });

  it('is no plugin, no kind of resource, no schema and no consumer', async () => {
    for (const name of ['__proto__', 'constructor', 'toString']) {
      expect((await admin('PUT', '/routes/x', `{"uri":"/x","plugins":{"${name}":{}}}`)).error_msg).toBe(
        `unknown plugin [${name}]`,
      );
      expect((await admin('GET', `/${name}`)).status).toBe(404);
      expect((await admin('GET', `/schema/${name}`)).status).toBe(400);
      expect((await admin('POST', `/schema/validate/${name}`, {})).status).toBe(404);
      expect((await admin('GET', `/plugins/${name}`)).status).toBe(404);
      expect((await admin('GET', `/consumers/${name}`)).status).toBe(404);
      expect((await admin('PUT', `/plugin_metadata/${name}`, {})).error_msg).toBe('invalid plugin name');
    }
  });
});
