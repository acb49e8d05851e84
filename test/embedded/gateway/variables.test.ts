import { hostname } from 'node:os';
import { beforeAll, describe, expect, it } from 'vitest';
import { unavailableVariable } from '../../../src/embedded/gateway/variables.ts';
import { pluginBench } from './support/plugins.ts';

const bench = pluginBench();

/** What a variable is for the plugins of a request, in the rewrite phase. */
async function read(name: string, target = '/v/7?a=1&b', request?: Parameters<typeof bench.send>[1]) {
  await bench.send(`${target}${target.includes('?') ? '&' : '?'}pick=${name}`, request);
  return bench.got(`x-${name.replaceAll(/[_.]/g, '-')}`)[0];
}

const NAMES = [
  ...['uri', 'document_uri', 'request_uri', 'args', 'is_args', 'host', 'method', 'request_method', 'scheme'],
  ...[
    'https',
    'server_protocol',
    'request',
    'remote_addr',
    'realip_remote_addr',
    'remote_user',
    'server_addr',
  ],
  ...['server_name', 'hostname', 'pid', 'content_length', 'content_type', 'request_length', 'request_id'],
  ...['request_time', 'time_iso8601', 'time_local', 'msec', 'upstream_uri', 'upstream_host'],
  ...['route_id', 'route_name', 'service_id', 'service_name', 'consumer_name'],
  ...['arg_a', 'arg_b', 'http_x_a', 'http_upgrade', 'cookie_c', 'uri_param_id', 'arg_toString'],
  ...['uri_param_toString', 'constructor', '__proto__'],
];

describe('a variable', () => {
  beforeAll(async () => {
    await bench.put('/services/s', { name: 'Dienst', hosts: ['gateway.test'] });
    await bench.put('/routes/named', {
      uri: '/v/:id',
      name: 'größe',
      service_id: 's',
      upstream: { type: 'roundrobin', nodes: { [bench.upstream.address]: 1 } },
      plugins: {
        'proxy-rewrite': {
          headers: {
            set: Object.fromEntries(NAMES.map((name) => [`X-${name.replaceAll('_', '-')}`, `$${name}`])),
          },
        },
      },
    });
  });

  it.each([
    ['uri', '/v/7'],
    ['document_uri', '/v/7'],
    ['request_uri', '/v/7?a=1&b&pick=request_uri'],
    ['args', 'a=1&b&pick=args'],
    ['is_args', '?'],
    ['host', 'gateway.test'],
    ['method', 'GET'],
    ['request_method', 'GET'],
    ['scheme', 'http'],
    ['server_protocol', 'HTTP/1.1'],
    ['request', 'GET /v/7?a=1&b&pick=request HTTP/1.1'],
    ['remote_addr', '127.0.0.1'],
    ['realip_remote_addr', '127.0.0.1'],
    ['server_addr', '127.0.0.1'],
    ['server_name', '_'],
    ['hostname', hostname()],
    ['pid', String(process.pid)],
    ['upstream_uri', '/v/7?a=1&b&pick=upstream_uri'],
    ['upstream_host', 'gateway.test'],
    ['route_id', 'named'],
    ['route_name', 'gr\u00c3\u00b6\u00c3\u009fe'],
    ['service_id', 's'],
    ['service_name', 'Dienst'],
    ['arg_a', '1'],
    ['arg_b', 'true'],
    ['uri_param_id', '7'],
  ])('%s is %s', async (name, value) => {
    expect(await read(name)).toBe(value);
  });

  it.each([
    'https',
    'remote_user',
    'consumer_name',
    'arg_toString',
    'uri_param_toString',
    'constructor',
    '__proto__',
  ])('%s has no value', async (name) => {
    expect((await read(name)) ?? '').toBe('');
  });

  it.each([
    ['request_id', /^[0-9a-f]{32}$/],
    ['request_time', /^\d+\.\d{3}$/],
    ['msec', /^\d{10}\.\d{3}$/],
    ['time_iso8601', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00$/],
    ['time_local', /^\d\d\/\w{3}\/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}$/],
  ])('%s looks like %s', async (name, form) => {
    expect(await read(name)).toMatch(form);
  });

  it('reads fields and cookies of the request', async () => {
    const headers: [string, string][] = [
      ['X-A', '1'],
      ['X-A', '2'],
      ['Cookie', 'b=1; c=2'],
      ['Cookie', 'd=3'],
      ['Upgrade', 'websocket'],
      ['Authorization', 'Basic YTpi'],
      ['Content-Type', 'text/plain'],
    ];
    const request = { method: 'POST', headers, body: 'abc' };
    expect(await read('http_x_a', '/v/7', request)).toBe('1, 2');
    expect(await read('http_upgrade', '/v/7', request)).toBe('websocket');
    expect(await read('cookie_c', '/v/7', request)).toBe('2');
    expect(await read('remote_user', '/v/7', request)).toBe('a');
    expect(await read('content_type', '/v/7', request)).toBe('text/plain');
    expect(await read('content_length', '/v/7', request)).toBe('3');
    const sent =
      'POST /v/7?pick=request_length HTTP/1.1\r\nHost: gateway.test\r\nX-A: 1\r\nX-A: 2\r\nCookie: b=1; c=2\r\n' +
      'Cookie: d=3\r\nUpgrade: websocket\r\nAuthorization: Basic YTpi\r\nContent-Type: text/plain\r\n' +
      'Content-Length: 3\r\nConnection: close\r\n\r\nabc';
    expect(await read('request_length', '/v/7', request)).toBe(String(sent.length));
  });

  it.each([
    'graphql_name',
    'resp_body',
    'upstream_http_x',
    'ssl_protocol',
    'mqtt_client_id',
    'rpc_time',
  ])('%s is refused by name', (name) => {
    expect(unavailableVariable(name)).toBe(
      `variable "${name}" is not available in this gateway; APISIX has it (provider docker, or external for one that is installed)`,
    );
  });

  it.each([
    'uri',
    'upstream_addr',
    'balancer_ip',
    'http_graphql_name',
    'unknown',
    'post_arg.a.b',
  ])('%s is not', (name) => {
    expect(unavailableVariable(name)).toBeUndefined();
  });
});
