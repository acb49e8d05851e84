import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { unavailableVariable } from '../../../src/embedded/gateway/variables.ts';
import { temporaryFolder } from '../../support/quiet-context.ts';
import { pluginBench } from './support/plugins.ts';
import { converse } from './support/raw.ts';

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

  it('has in the log what became of the request', async () => {
    const names = [
      ...[
        'request_uri',
        'real_request_uri',
        'query_string',
        'server_port',
        'remote_port',
        'realip_remote_port',
      ],
      ...['status', 'bytes_sent', 'body_bytes_sent', 'sent_http_x_b', 'sent_http_none'],
      ...['upstream_addr', 'upstream_status', 'balancer_ip', 'balancer_port'],
      ...['upstream_header_time', 'upstream_response_time', 'apisix_upstream_response_time'],
      ...['consumer_name', 'consumer_group_id', 'credential_id', 'route_id', 'service_id'],
      ...['opentelemetry_trace_id', 'opentelemetry_span_id', 'opentelemetry_context_traceparent'],
    ];
    const path = join(await temporaryFolder(), 'variables.log');
    const log_format = Object.fromEntries(names.map((name) => [name, `$${name}`]));
    await bench.put('/consumer_groups/g', { plugins: {} });
    await bench.put('/consumers/jack', { username: 'jack', group_id: 'g' });
    await bench.put('/consumers/jack/credentials/c1', { plugins: { 'key-auth': { key: 'k' } } });
    await bench.put('/routes/logged', {
      uri: '/logged/*',
      upstream: { type: 'roundrobin', nodes: { [bench.upstream.address]: 1 } },
      plugins: { 'key-auth': {}, 'file-logger': { path, log_format } },
    });
    bench.answer = (_, response) => response.writeHead(201, { 'X-B': ['1', '2'] }).end('made');
    const answer = await converse(
      bench.gateway.port,
      'GET /x/../logged/a%2Db?a=1&b HTTP/1.1\r\nHost: x\r\napikey: k\r\nConnection: close\r\n\r\n',
    );
    await expect.poll(() => readFile(path, 'utf8').catch(() => '')).toMatch(/\n$/);
    const entry = JSON.parse(await readFile(path, 'utf8')) as Record<string, string>;
    const [host, port] = bench.upstream.address.split(':');
    expect(entry).toMatchObject({
      request_uri: '/logged/a-b?a=1&b',
      real_request_uri: '/x/../logged/a%2Db?a=1&b',
      query_string: 'a=1&b',
      server_port: String(bench.gateway.port),
      status: '201',
      bytes_sent: String(answer.length),
      body_bytes_sent: '4',
      sent_http_x_b: '1, 2',
      upstream_addr: bench.upstream.address,
      upstream_status: '201',
      balancer_ip: host,
      balancer_port: port,
      upstream_header_time: expect.stringMatching(/^\d+\.\d{3}$/),
      upstream_response_time: expect.stringMatching(/^\d+\.\d{3}$/),
      apisix_upstream_response_time: entry.upstream_response_time,
      consumer_name: 'jack',
      consumer_group_id: 'g',
      credential_id: 'c1',
      route_id: 'logged',
      remote_port: expect.stringMatching(/^\d+$/),
      realip_remote_port: entry.remote_port,
    });
    expect(Number(entry.upstream_header_time)).toBeLessThanOrEqual(Number(entry.upstream_response_time));
    for (const name of names.filter((each) => /opentelemetry|none$|service_id/.test(each)))
      expect(entry[name] ?? '', name).toBe('');
  });

  it.each([
    'graphql_name',
    'graphql_operation',
    'graphql_root_fields',
    'redis_cmd_line',
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
