import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startTestGateway } from '../support/gateway.ts';
import { exchange } from '../support/http.ts';
import { pluginBench } from '../support/plugins.ts';
import { startUpstream, type TestUpstream } from '../support/upstream.ts';

const bench = pluginBench();

interface Received {
  url: string;
  headers: Record<string, unknown>;
  body: string;
}

let collector: TestUpstream;
let received: Received[] = [];
let status = 200;
let bodies = 0;

beforeAll(async () => {
  collector = await startUpstream((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => {
      body += chunk;
    });
    request.on('end', () => {
      received.push({ url: request.url ?? '', headers: request.headers, body });
      response.writeHead(status).end('what it says');
    });
  });
});
afterAll(() => collector.close());
beforeEach(() => {
  received = [];
  status = 200;
  bench.answer = (_, response) => response.end('upstream');
});

const to = (more: object = {}) => ({
  'http-logger': { uri: `http://${collector.address}/log?to=it`, batch_max_size: 1, ...more },
});

type Entry = Record<string, never> & { request: Record<string, unknown>; response: Record<string, unknown> };

/** The next entry that the collector gets. */
async function entry(): Promise<Entry> {
  await expect.poll(() => received.length, { interval: 1 }).toBeGreaterThan(0);
  return JSON.parse(received.shift()?.body ?? '') as Entry;
}

describe('http-logger', () => {
  it('tells what APISIX tells of a request', async () => {
    await bench.put('/routes/full', {
      uri: '/full',
      plugins: to(),
      upstream: { nodes: { [bench.upstream.address]: 1 } },
    });
    bench.answer = (_, response) =>
      response.writeHead(201, { 'Set-Cookie': ['a=1', 'b=2'], 'Content-Length': 2 }).end('ok');
    await bench.send('/full?a=1&a=2&flag&x=%C3%BC&__proto__=y', {
      headers: [
        ['X-Two', 'one'],
        ['x-two', 'gr\xc3\xbc\xff'],
      ],
    });
    const told = await entry();
    expect(told).toMatchObject({
      route_id: 'full',
      service_id: '',
      client_ip: '127.0.0.1',
      upstream: bench.upstream.address,
      server: { version: 'qbtc-gateway' },
    });
    expect(told.request).toMatchObject({
      method: 'GET',
      uri: '/full?a=1&a=2&flag&x=%C3%BC&__proto__=y',
      url: `http://gateway.test:${bench.gateway.port}/full?a=1&a=2&flag&x=%C3%BC&__proto__=y`,
      headers: {
        host: 'gateway.test',
        'x-two': ['one', 'grü\ufffd'],
        'x-forwarded-proto': 'http',
        'x-forwarded-host': 'gateway.test',
        'x-forwarded-port': String(bench.gateway.port),
      },
      querystring: { a: ['1', '2'], flag: true, x: 'ü', ['__proto__']: 'y' },
    });
    expect(told.response).toMatchObject({ status: 201, headers: { 'set-cookie': ['a=1', 'b=2'] } });
    for (const name of ['latency', 'upstream_latency', 'apisix_latency'])
      expect(told[name]).toBeGreaterThanOrEqual(0);
    expect(told.request.size).toBeGreaterThan(100);
    expect(told.response.size).toBeGreaterThan(50);
    expect(told.start_time).toBeLessThanOrEqual(bench.now);
  });

  it('sends it as the configuration says', async () => {
    await bench.route('/sent', to({ auth_header: 'Basic YTpi' }));
    await bench.send('/sent');
    await expect.poll(() => received.length, { interval: 1 }).toBe(1);
    expect(received[0]).toMatchObject({
      url: '/log?to=it',
      headers: { 'content-type': 'application/json', authorization: 'Basic YTpi', host: collector.address },
    });
  });

  it.each([
    ['json', 'application/json', (lines: string[]) => `[${lines.join(',')}]`],
    ['new_line', 'text/plain', (lines: string[]) => lines.join('\n')],
  ])('puts the entries of a batch together as %s', async (concat_method, type, joined) => {
    const uri = `/batch/${concat_method}`;
    const log_format = { is: '$arg_x' };
    await bench.put(`/routes/${concat_method}`, {
      uri,
      plugins: to({ concat_method, batch_max_size: 2, log_format }),
    });
    await bench.send(`${uri}?x=1`);
    expect(received).toEqual([]);
    await bench.send(`${uri}?x=2`);
    await expect.poll(() => received.length, { interval: 1 }).toBe(1);
    const id = concat_method;
    const lines = ['1', '2'].map((is) => JSON.stringify({ is, route_id: id }));
    expect([received[0]?.headers['content-type'], received[0]?.body]).toEqual([type, joined(lines)]);
  });

  it('takes the format of its metadata, with the bodies that are named', async () => {
    await bench.put('/plugin_metadata/http-logger', {
      log_format: {
        constant: 'größe',
        who: '$remote_addr',
        none: '$arg_none',
        asked: '$request_body',
        said: '$resp_body',
      },
    });
    await bench.route('/meta', to({ include_resp_body: true }));
    await bench.send('/meta', { method: 'POST', body: 'gr\xc3\xb6\xc3\x9fe' });
    expect(await entry()).toMatchObject({
      constant: 'größe',
      who: '127.0.0.1',
      asked: 'größe',
      said: 'upstream',
    });
    await bench.gateway.admin('DELETE', '/plugin_metadata/http-logger');
  });

  it.each([
    [{}, undefined, undefined],
    [{ include_req_body: true }, 'asked for', undefined],
    [{ include_resp_body: true }, undefined, 'upstream'],
    [{ include_req_body: true, max_req_body_bytes: 5 }, 'asked', undefined],
    [{ include_resp_body: true, max_resp_body_bytes: 2 }, undefined, 'up'],
    [{ include_req_body: true, include_req_body_expr: [['arg_x', '==', 'no']] }, undefined, undefined],
    [{ include_req_body: true, include_req_body_expr: [['arg_x', '==', 'yes']] }, 'asked for', undefined],
    [{ include_resp_body: true, include_resp_body_expr: [['status', '==', 500]] }, undefined, undefined],
    [{ include_resp_body: true, include_resp_body_expr: [['status', '==', 200]] }, undefined, 'upstream'],
  ])('tells the bodies with %j', async (more, asked, said) => {
    const uri = `/bodies/${bodies++}`;
    await bench.route(uri, to(more));
    const answer = await bench.send(`${uri}?x=yes`, { method: 'POST', body: 'asked for' });
    expect([answer.body, bench.seen?.body, answer.headers['content-length']]).toEqual([
      'upstream',
      'asked for',
      ['8'],
    ]);
    const told = await entry();
    expect([told.request.body, told.response.body]).toEqual([asked, said]);
  });

  it('tells a body as text that was compressed, or is compressed behind it, and one that is none as it is', async () => {
    await bench.route('/coded', { ...to({ include_resp_body: true }), gzip: { types: '*', min_length: 1 } });
    const answered = async (headers: Record<string, string>, body: string | Buffer) => {
      bench.answer = (_, response) =>
        response.writeHead(200, { 'Content-Type': 'text/plain', ...headers }).end(body);
      await bench.send('/coded', { headers: { 'Accept-Encoding': 'gzip' } });
      return (await entry()).response.body;
    };
    expect(await answered({ 'Content-Encoding': 'gzip' }, gzipSync('in gzip'))).toBe('in gzip');
    expect(await answered({ 'Content-Encoding': 'gzip' }, 'no gzip')).toBe('no gzip');
    expect(await answered({ 'Content-Encoding': 'zstd' }, 'unknown')).toBe('unknown');
    expect(await answered({}, 'compressed behind it')).toBe('compressed behind it');
  });

  it('tells of requests that are refused, that go nowhere, and whose client has gone', async () => {
    await bench.put('/global_rules/logger', { plugins: to() });
    await bench.send('/nowhere');
    expect(await entry()).toMatchObject({ route_id: 'no-matched', response: { status: 404 } });
    await bench.gateway.admin('DELETE', '/global_rules/logger');
    await bench.route('/refused', { ...to({ include_resp_body: true }), 'key-auth': {} });
    await bench.send('/refused');
    expect((await entry()).response).toMatchObject({ status: 401, body: expect.stringContaining('API key') });
    await bench.route('/gone', to());
    bench.answer = () => socket.destroy();
    const socket = connect(bench.gateway.port, '127.0.0.1');
    socket.write('GET /gone HTTP/1.1\r\nHost: a\r\n\r\n');
    expect((await entry()).response.status).toBe(499);
  });

  it('logs only what matches', async () => {
    await bench.route('/match', to({ match: [[['arg_x', '==', '1']], [['arg_y', '==', '2']]] }));
    for (const query of ['?x=2', '?y=2', '?x=1']) await bench.send(`/match${query}`);
    await expect.poll(() => received.length, { interval: 1 }).toBe(2);
    expect(received.map(({ body }) => (JSON.parse(body) as Entry).request.uri).sort()).toEqual([
      '/match?x=1',
      '/match?y=2',
    ]);
  });

  it('says what the server refuses, and lets the client notice nothing', async () => {
    await bench.route('/refusing', to());
    status = 503;
    expect((await bench.send('/refusing')).status).toBe(200);
    await expect
      .poll(() => bench.gateway.logged.map(({ message }) => message), { interval: 1 })
      .toContainEqual(
        `Batch Processor[http logger] failed to process entries: server returned status code[503] host[${collector.address}] body[what it says]`,
      );
  });

  it('sends what waits when the gateway closes', async () => {
    const gateway = await startTestGateway();
    await gateway.admin('PUT', '/routes/1', { uri: '/', plugins: to({ batch_max_size: 1000 }) });
    await exchange(`${gateway.proxyUrl}/`);
    await gateway.close();
    expect(received).toHaveLength(1);
  });

  it.each([
    [{ uri: 'localhost' }, /^property "uri" validation failed: failed to match pattern /],
    [{ uri: 'ftp://localhost' }, 'invalid uri ftp://localhost: it must be one of http or https'],
    [{ timeout: 0 }, 'property "timeout" validation failed: expected 0 to be at least 1'],
    [{ concat_method: 'x' }, 'property "concat_method" validation failed: matches none of the enum values'],
    [{ batch_max_size: 0 }, 'property "batch_max_size" validation failed: expected 0 to be at least 1'],
    [
      { include_req_body_expr: [['a', '<>', 1]] },
      /^failed to validate the 'include_req_body_expr' expression: /,
    ],
    [{ include_resp_body_expr: [['a']] }, /^failed to validate the 'include_resp_body_expr' expression: /],
    [{ log_format: { a: '$request_type' } }, /^variable "request_type" is not available in this gateway; /],
    [{ auth_header: 'a\r\nb: c' }, 'invalid value character in header'],
  ])('is refused with %j', async (more, message) => {
    const refusal = await bench.refusal(to(more));
    if (typeof message === 'string') expect(refusal).toBe(message);
    else expect(refusal).toMatch(message);
  });
});
