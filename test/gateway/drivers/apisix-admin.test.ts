import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { QbtcError } from '../../../src/errors.ts';
import { apisixAdmin } from '../../../src/gateway/drivers/apisix-admin.ts';
import { reachContext } from '../../support/context.ts';
import { type ScriptedServer, scriptedServer } from '../../support/scripted-server.ts';

const PAGE = (title: string) =>
  `<html>\r\n<head><title>${title}</title></head>\r\n<body>\r\n<center><h1>${title}</h1></center>\r\n<hr><center>openresty</center>\r\n<p><em>Powered by <a href="https://apisix.apache.org/">APISIX</a>.</em></p></body>\r\n</html>\r\n`;

const open: ScriptedServer[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});

async function driverFor(answer: (request: IncomingMessage, response: ServerResponse, body: string) => void) {
  const server = await scriptedServer(answer);
  open.push(server);
  return { server, driver: apisixAdmin(reachContext(), { url: server.url, key: 'the-key' }) };
}

/** Answers every request with one recorded answer. */
const always = (status: number, body: string, headers: Record<string, string> = {}) => {
  return (_: IncomingMessage, response: ServerResponse) => {
    response.writeHead(status, { 'content-type': 'application/json', server: 'APISIX/3.14.1', ...headers });
    response.end(body);
  };
};

async function errorOf(work: Promise<unknown>): Promise<QbtcError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof QbtcError)) throw new Error(`not a QbtcError: ${error}`);
  return error;
}

describe('the Admin API driver, on recorded answers of APISIX 3.14.1', () => {
  it('reads lists, empty ones written as an object too, and credentials of the chosen consumers only', async () => {
    const { server, driver } = await driverFor((request, response) => {
      const answers: Record<string, string> = {
        '/apisix/admin/routes':
          '{"total":1,"list":[{"createdIndex":405,"value":{"name":"first","upstream":{"nodes":{"127.0.0.1:1980":1},"type":"roundrobin"},"uri":"/hello","id":"r1","create_time":1795186441,"update_time":1795186441},"key":"/apisix/routes/r1","modifiedIndex":406}]}',
        '/apisix/admin/upstreams': '{"total":0,"list":{}}',
        '/apisix/admin/services': '{"total":0,"list":[]}',
        '/apisix/admin/consumers':
          '{"total":2,"list":[{"createdIndex":443,"value":{"username":"dup","create_time":1795186444},"key":"/apisix/consumers/dup","modifiedIndex":443},{"createdIndex":439,"value":{"username":"jack"},"key":"/apisix/consumers/jack","modifiedIndex":441}]}',
        '/apisix/admin/consumers/jack/credentials':
          '{"total":1,"list":[{"createdIndex":445,"value":{"id":"c1","plugins":{"key-auth":{"key":"cred-key"}}},"key":"/apisix/consumers/jack/credentials/c1","modifiedIndex":446}]}',
      };
      response.end(answers[request.url ?? ''] ?? '{"total":0,"list":[]}');
    });
    const state = await driver.observe((consumer) => consumer.username === 'jack');
    expect([...state.route.keys()]).toEqual(['r1']);
    expect([...state.consumer.keys()]).toEqual(['dup', 'jack']);
    expect([...state.credential]).toEqual([
      ['jack/c1', { id: 'c1', plugins: { 'key-auth': { key: 'cred-key' } } }],
    ]);
    expect(state.upstream.size + state.service.size).toBe(0);
    expect(server.requests.sort()).toEqual([
      'GET /apisix/admin/consumer_groups',
      'GET /apisix/admin/consumers',
      'GET /apisix/admin/consumers/jack/credentials',
      'GET /apisix/admin/global_rules',
      'GET /apisix/admin/plugin_configs',
      'GET /apisix/admin/plugin_metadata',
      'GET /apisix/admin/protos',
      'GET /apisix/admin/routes',
      'GET /apisix/admin/secrets',
      'GET /apisix/admin/services',
      'GET /apisix/admin/ssls',
      'GET /apisix/admin/stream_routes',
      'GET /apisix/admin/upstreams',
    ]);
  });

  it('takes a gateway without streams, protos and secrets, and knows a secret by its manager and its name', async () => {
    const { server, driver } = await driverFor((request, response, body) => {
      const path = (request.url ?? '').slice('/apisix/admin'.length);
      if (path === '/stream_routes') {
        response.writeHead(400);
        response.end('{"error_msg":"stream mode is disabled, can not add stream routes"}');
      } else if (path === '/protos') {
        response.writeHead(404);
        response.end('{"message":"Key not found"}');
      } else if (path === '/secrets') {
        response.end(
          '{"total":1,"list":[{"key":"/apisix/secrets/vault/1","value":{"id":"vault/1","uri":"http://127.0.0.1:8200","prefix":"kv","token":"t"}}]}',
        );
      } else response.end(request.method === 'PUT' ? body : '{"total":0,"list":[]}');
    });
    const state = await driver.observe(() => false);
    expect([...state.secret.keys()]).toEqual(['vault/1']);
    expect(state.stream_route.size + state.proto.size).toBe(0);
    await driver.put('secret', 'vault/1', { uri: 'http://127.0.0.1:8200', prefix: 'kv', token: 'u' });
    expect(server.requests).toContain('PUT /apisix/admin/secrets/vault/1');
  });

  it.each([
    [
      'a wrong key',
      401,
      '{"error_msg":"failed to check token","description":"wrong apikey"}',
      'GATEWAY_KEY_REFUSED',
      /failed to check token: wrong apikey/,
    ],
    ['an address that may not come', 403, PAGE('403 Forbidden'), 'GATEWAY_KEY_REFUSED', /403 Forbidden/],
    [
      'the port that takes requests',
      404,
      '{"error_msg":"404 Route Not Found"}',
      'GATEWAY_NOT_APISIX',
      /no APISIX/,
    ],
    ['a failure in its own code', 500, PAGE('500 Internal Server Error'), 'GATEWAY_REFUSED', /500 Internal/],
  ])('tells %s, without a second try', async (_, status, body, code, message) => {
    const { server, driver } = await driverFor(always(status, body));
    const error = await errorOf(driver.put('route', 'r', {}));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
    expect(server.requests).toHaveLength(1);
  });

  it('tells something that is no APISIX by its answer', async () => {
    const { driver } = await driverFor(always(200, '<h1>It works!</h1>', { server: 'Apache/2.4' }));
    const error = await errorOf(driver.observe(() => true));
    expect(error.code).toBe('GATEWAY_NOT_APISIX');
    expect(error.message).toContain('server Apache/2.4');
    expect(error.message).toContain('It works!');
  });

  it('tries again while etcd is away, then says so', async () => {
    const { server, driver } = await driverFor(
      always(503, '{"error_msg":"has no healthy etcd endpoint available"}'),
    );
    const error = await errorOf(driver.put('route', 'r', {}));
    expect(error.code).toBe('GATEWAY_STORE_AWAY');
    expect(error.message).toContain('has no healthy etcd endpoint available');
    expect(server.requests).toHaveLength(3);
  });

  it('gets through after a connection that was cut and an etcd that came back', async () => {
    let tries = 0;
    const { server, driver } = await driverFor((request, response) => {
      tries += 1;
      if (tries === 1) request.socket.destroy();
      else if (tries === 2)
        always(503, '{"error_msg":"has no healthy etcd endpoint available"}')(request, response);
      else always(201, '{"key":"/apisix/routes/r","value":{}}')(request, response);
    });
    await driver.put('route', 'r', { uri: '/' });
    expect(server.requests).toHaveLength(3);
  });

  it('gives a refused object in the words of the gateway, without a second try', async () => {
    const words =
      'failed to check the configuration of plugin limit-count err: property "count" validation failed: expected -1 to be greater than 0';
    const { server, driver } = await driverFor(always(400, JSON.stringify({ error_msg: words })));
    const error = await errorOf(driver.put('route', 'r', {}));
    expect([error.code, error.message]).toEqual(['GATEWAY_REFUSED', words]);
    expect(server.requests).toHaveLength(1);
  });

  it('says where nothing listens', async () => {
    const server = await scriptedServer(() => {});
    await server.close();
    const driver = apisixAdmin(reachContext(), { url: server.url, key: 'the-key' });
    const error = await errorOf(driver.observe(() => true));
    expect(error.code).toBe('GATEWAY_UNREACHABLE');
    expect(error.message).toContain(server.url);
    expect(error.hint).toContain('qbtc up');
  });

  it('waits for the lagging reference check of a delete', async () => {
    let deletes = 0;
    const { driver } = await driverFor((request, response) => {
      deletes += 1;
      if (deletes < 3) {
        always(400, '{"error_msg":"can not delete this upstream, route [ru] is still using it now"}')(
          request,
          response,
        );
      } else always(200, '{"key":"/apisix/upstreams/u1","deleted":"1"}')(request, response);
    });
    await driver.delete('upstream', 'u1');
    expect(deletes).toBe(3);
  });

  it('counts what is not there as deleted', async () => {
    const { driver } = await driverFor(always(404, '{"message":"Key not found"}'));
    await expect(driver.delete('credential', 'jack/c1')).resolves.toBeUndefined();
  });

  it('reads the schemas that it can get, the consumer form first', async () => {
    const { driver } = await driverFor((request, response) => {
      const schema = '{"properties":{"policy":{"default":"local","type":"string"}},"type":"object"}';
      if (request.url?.includes('schema_type')) always(404, '{"error_msg":"no"}')(request, response);
      else if (request.url === '/apisix/admin/schema/plugins/limit-count')
        always(200, schema)(request, response);
      else always(400, '{"error_msg":"not found schema: nope"}')(request, response);
    });
    const schemas = await driver.schemas(['consumer-plugins/limit-count', 'route']);
    expect([...schemas.keys()]).toEqual(['consumer-plugins/limit-count']);
    expect(schemas.get('consumer-plugins/limit-count')?.properties?.policy?.default).toBe('local');
  });
});
