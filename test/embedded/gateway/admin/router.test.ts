import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { exchange } from '../support/http.ts';

let gateway: TestGateway;
let standalone: TestGateway;

beforeAll(async () => {
  [gateway, standalone] = await Promise.all([startTestGateway(), startTestGateway({ standalone: true })]);
});
afterAll(() => Promise.all([gateway.close(), standalone.close()]));

async function told(
  method: string,
  path: string,
  body?: unknown,
): Promise<{ status: number; body: unknown }> {
  const answer = await gateway.admin(method, path, body);
  return { status: answer.status, body: answer.body === '' ? undefined : JSON.parse(answer.body) };
}

const LACKING =
  'not available in this gateway; APISIX has it (provider docker, or external for one that is installed)';

describe('what only GET is for', () => {
  it.each([
    '/schema/service',
    '/schema/plugins/limit-count',
    '/plugins',
    '/plugins/list',
  ])('%s is not found by another method', async (path) => {
    for (const method of ['PUT', 'POST', 'PATCH', 'DELETE'])
      expect(await told(method, path)).toEqual({ status: 404, body: { error_msg: 'not found' } });
  });

  it('answers HEAD for the API as a whole, as an APISIX that is there', async () => {
    const url = `http://127.0.0.1:${gateway.adminPort}/apisix/admin`;
    expect((await exchange(url, { method: 'HEAD' })).status).toBe(200);
    expect((await exchange(`${url}/routes`, { method: 'HEAD' })).status).toBe(404);
  });
});

describe('the lists of plugins', () => {
  it('are of one subsystem', async () => {
    expect((await told('GET', '/plugins/list')).body).toContain('key-auth');
    expect(await told('GET', '/plugins/list?subsystem=http')).toEqual(await told('GET', '/plugins/list'));
    expect(await told('GET', '/plugins/list?subsystem=stream')).toEqual({ status: 200, body: [] });
    expect(await gateway.admin('GET', '/plugins/list?subsystem=mail')).toMatchObject({
      status: 400,
      body: 'invalid subsystem passed',
    });
  });
});

describe('POST /schema/validate', () => {
  it('says what the schema says, and nothing of what the object refers to', async () => {
    const route = { uri: '/x', upstream_id: 'nowhere' };
    expect(await told('POST', '/schema/validate/routes', route)).toEqual({ status: 200, body: undefined });
    expect(await told('POST', '/schema/validate/routes', { uri: 1, upstream_id: 'x' })).toEqual({
      status: 400,
      body: { error_msg: 'property "uri" validation failed: wrong type: expected string, got number' },
    });
    expect((await told('POST', '/schema/validate/routes')).body).toEqual({
      error_msg: 'wrong type: expected object, got nil',
    });
  });
});

describe('what this gateway lacks is refused by name', () => {
  it.each([
    ['/secrets/vault/one', 'the secret manager behind /secrets is'],
    ['/protos/1', 'the gRPC transcoding behind /protos is'],
  ])('%s', async (path, subject) => {
    for (const method of ['PUT', 'PATCH', 'POST'])
      expect(await told(method, path, {})).toEqual({
        status: 400,
        body: { error_msg: `${subject} ${LACKING}` },
      });
    // There are none, and tools that look through all kinds must not stumble.
    const [, kind = ''] = path.split('/');
    expect(await told('GET', `/${kind}`)).toEqual({ status: 200, body: { total: 0, list: [] } });
    const missing = { status: 404, body: { message: 'Key not found' } };
    expect(await told('GET', path)).toEqual(missing);
    expect(await told('DELETE', path)).toEqual(missing);
  });

  it('a schema of such a resource', async () => {
    expect(await told('GET', '/schema/proto')).toEqual({
      status: 400,
      body: { error_msg: `not found schema: proto: the gRPC transcoding behind /protos is ${LACKING}` },
    });
  });

  it('stream routes, in the words of an APISIX without stream mode', async () => {
    expect(await told('PUT', '/stream_routes/1', {})).toEqual({
      status: 400,
      body: { error_msg: 'stream mode is disabled, can not add stream routes' },
    });
  });

  it('the control API', async () => {
    const answer = await exchange(`http://127.0.0.1:${gateway.adminPort}/v1/healthcheck`);
    expect(answer.status).toBe(404);
    expect(JSON.parse(answer.body)).toEqual({ error_msg: `the control API (/v1) is ${LACKING}` });
  });

  it('a plugin that APISIX has, but not a name that nobody has', async () => {
    const put = (plugin: string) => told('PUT', '/routes/1', { uri: '/x', plugins: { [plugin]: {} } });
    expect((await put('ldap-auth')).body).toEqual({
      error_msg: `unknown plugin [ldap-auth]: plugin "ldap-auth" is ${LACKING}`,
    });
    expect((await told('PUT', '/plugin_metadata/zipkin', {})).body).toEqual({
      error_msg: `invalid plugin name: plugin "zipkin" is ${LACKING}`,
    });
    expect((await put('ldap-outh')).body).toEqual({ error_msg: 'unknown plugin [ldap-outh]' });
  });

  it.each([
    [{ filter_func: 'function(vars) return true end' }, 'property "filter_func", which is Lua,'],
    [{ script: 'return function() end' }, 'property "script", which is Lua,'],
    [{ script_id: '1' }, 'property "script_id", which is Lua,'],
    [
      { plugins: { cors: { _meta: { pre_function: 'return 1' } } } },
      'property "_meta.pre_function", which is Lua,',
    ],
  ])('%j of a route', async (fields, subject) => {
    const { body } = await told('PUT', '/routes/1', {
      uri: '/x',
      ...('script' in fields ? {} : { plugins: {} }),
      ...fields,
    });
    expect((body as { error_msg: string }).error_msg).toContain(`${subject} is ${LACKING}`);
  });

  it.each([
    [{ service_name: 'one', discovery_type: 'dns' }, 'property "service_name"'],
    [{ nodes: {}, discovery_type: 'dns' }, 'property "discovery_type"'],
    [{ nodes: {}, discovery_args: {} }, 'property "discovery_args"'],
    [{ nodes: {}, scheme: 'grpc' }, 'scheme "grpc"'],
    [{ nodes: {}, scheme: 'kafka' }, 'scheme "kafka"'],
    [{ nodes: {}, tls: { client_cert_id: 1 } }, 'property "tls.client_cert_id"'],
    [
      { nodes: {}, tls: { client_cert: 'c'.repeat(128), client_key: 'k'.repeat(128) } },
      'property "tls.client_cert"',
    ],
  ])('%j of an upstream', async (upstream, subject) => {
    const body = { error_msg: `${subject} is ${LACKING}` };
    expect(await told('PUT', '/upstreams/1', upstream)).toEqual({ status: 400, body });
    expect(await told('PUT', '/routes/1', { uri: '/x', upstream })).toEqual({ status: 400, body });
    expect(await told('PUT', '/services/1', { upstream })).toEqual({ status: 400, body });
  });

  it('a kind of balancer that APISIX lacks as well', async () => {
    expect((await told('PUT', '/upstreams/1', { nodes: {}, type: 'random' })).body).toEqual({
      error_msg: 'property "type": "random" is none of roundrobin, chash, least_conn, ewma',
    });
  });

  it.each([
    ['stream_routes', 'a stream route'],
    ['protos', 'the gRPC transcoding behind /protos'],
    ['secrets', 'the secret manager behind /secrets'],
    ['plugins', 'a list of the plugins to load'],
  ])('%s of a standalone configuration', async (list, subject) => {
    const put = (body: object) =>
      exchange(`${standalone.adminUrl}/configs`, {
        method: 'PUT',
        headers: { 'X-API-KEY': 'a-key-for-tests', 'X-Digest': `${list}${JSON.stringify(body)}` },
        body: JSON.stringify(body),
      });
    const refused = await put({ [list]: [{ id: '1' }] });
    expect(refused.status).toBe(400);
    expect(JSON.parse(refused.body)).toEqual({
      error_msg: `invalid ${list} at index 0, err: ${subject} is ${LACKING}`,
    });
    expect((await put({ [list]: [] })).status).toBe(202);
  });
});
