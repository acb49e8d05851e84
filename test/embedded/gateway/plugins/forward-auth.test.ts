import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pluginBench, type Request } from '../support/plugins.ts';
import { startUpstream, type TestUpstream } from '../support/upstream.ts';

const bench = pluginBench();
let service: TestUpstream;
/** What the service was asked last. */
let asked: { line: string; headers: [string, string][]; body: string; connection: unknown };

beforeAll(async () => {
  service = await startUpstream((request, response) => {
    const { rawHeaders, url = '/', socket } = request;
    let body = '';
    request.setEncoding('latin1').on('data', (chunk: string) => {
      body += chunk;
    });
    request.on('end', () => {
      const headers = rawHeaders.flatMap((name, i) =>
        i % 2 === 0 ? [[name, rawHeaders[i + 1] ?? ''] as [string, string]] : [],
      );
      asked = { line: `${request.method} ${url}`, headers, body, connection: socket };
      if (url.startsWith('/hang')) return;
      if (url.startsWith('/cut')) {
        socket.destroy();
        return;
      }
      if (request.headers.authorization === 'no') {
        response.writeHead(403, [
          'Location',
          '/login',
          'X-Reason',
          'a',
          'x-reason',
          'b',
          'Content-Type',
          'application/json',
          'X-Private',
          'p',
        ]);
        response.end('{"why":"\u00fc"}');
        return;
      }
      if (request.headers.authorization === 'yes') response.setHeader('X-User', ['jack', 'admin']);
      response.end();
    });
  });
  const route = (uri: string, configuration: object) =>
    bench.route(uri, { 'forward-auth': { uri: `http://${service.address}/auth?x=%C4`, ...configuration } });
  const lists = {
    request_headers: ['Authorization', 'x-forwarded-host', 'Content-Length'],
    upstream_headers: ['X-User'],
    client_headers: ['Location', 'X-Reason', 'X-None'],
  };
  await route('/get', lists);
  await route('/post', {
    ...lists,
    request_method: 'POST',
    extra_headers: { 'X-Extra': 'ü-$arg_q', 'X-Forwarded-Method': 'fixed' },
  });
  await route('/alone', { keepalive: false });
  await route('/hang', { uri: `http://${service.address}/hang`, timeout: 20 });
  await route('/cut', { uri: `http://${service.address}/cut`, status_on_error: 503 });
  await route('/degraded', { uri: `http://${service.address}/cut`, allow_degradation: true });
});
afterAll(() => service.close());

const send = (
  target: string,
  authorization: string,
  { headers = {}, ...more }: Request & { headers?: Record<string, string> } = {},
) => bench.send(target, { ...more, headers: { Authorization: authorization, ...headers } });
const told = (name: string) =>
  asked.headers.filter(([each]) => each.toLowerCase() === name).map(([, value]) => value);

describe('forward-auth asks', () => {
  it('what the service needs to know, which no client says in its place', async () => {
    const headers = { 'X-Forwarded-Host': 'forged', 'X-Forwarded-Method': 'forged', X_Other: 'x' };
    expect((await send('/get?a=%2F', 'yes', { headers })).status).toBe(200);
    expect(asked.line).toBe('GET /auth?x=%C4');
    expect(asked.headers.filter(([name]) => !/^connection$/i.test(name))).toEqual([
      ['X-Forwarded-Proto', 'http'],
      ['X-Forwarded-Method', 'GET'],
      ['X-Forwarded-Host', 'gateway.test'],
      ['X-Forwarded-Uri', '/get?a=%2F'],
      ['X-Forwarded-For', '127.0.0.1'],
      ['Authorization', 'yes'],
      ['Host', service.address],
    ]);
  });

  it('with the body where it posts, and the upstream gets it, too', async () => {
    const request = { method: 'PUT', body: 'b\xff', headers: { 'Content-Encoding': 'x' } };
    expect((await send('/post?q=%FF%0D%0AX:y', 'yes', request)).status).toBe(200);
    expect([asked.line, asked.body]).toEqual(['POST /auth?x=%C4', 'b\xff']);
    expect([
      told('x-extra'),
      told('x-forwarded-method'),
      told('content-encoding'),
      told('content-length'),
    ]).toEqual([['\xc3\xbc-\xff%0D%0AX:y'], ['fixed'], ['x'], ['2']]);
    expect(bench.seen?.body).toBe('b\xff');
  });

  it('on kept connections, unless that is not wanted', async () => {
    await send('/get', 'yes');
    const { connection } = asked;
    await send('/get', 'yes');
    expect(asked.connection).toBe(connection);
    await send('/alone', 'yes');
    expect(asked.connection).not.toBe(connection);
  });
});

describe('forward-auth', () => {
  it('gives the upstream what the service says, and nothing that the client says in its place', async () => {
    await send('/get', 'yes', { headers: { 'X-User': 'forged', X_User: 'forged' } });
    expect(bench.seen?.headers.filter(([name]) => /^x.user$/i.test(name))).toEqual([
      ['X-User', 'jack'],
      ['X-User', 'admin'],
    ]);
    await send('/get', 'maybe', { headers: { 'X-User': 'forged', x_user: 'forged' } });
    expect(bench.seen?.headers.filter(([name]) => /^x.user$/i.test(name))).toEqual([]);
  });

  it('answers as the service does when it refuses', async () => {
    const answer = await send('/get', 'no');
    expect([answer.status, answer.body]).toEqual([403, '{"why":"\xc3\xbc"}']);
    expect([answer.headers.location, answer.headers['x-reason']]).toEqual([['/login'], ['a', 'b']]);
    expect([answer.headers['x-private'], answer.headers['content-type']]).toEqual([
      undefined,
      ['text/plain; charset=utf-8'],
    ]);
    expect(bench.seen).toBeUndefined();
  });

  it.each([
    ['/hang', 403],
    ['/cut', 503],
    ['/degraded', 200],
  ])('answers at %s, where the service does not, with %i', async (target, status) => {
    expect((await send(target, 'yes')).status).toBe(status);
    expect(bench.seen === undefined).toBe(status !== 200);
  });

  it.each([
    [{}, 'property "uri" is required'],
    [{ uri: 'ftp://x' }, 'invalid uri ftp://x'],
    [{ uri: 'x' }, 'invalid uri x'],
    [{ uri: 'http://x', upstream_headers: ['X-A\r\nX-B'] }, 'invalid field character in header'],
    [{ uri: 'http://x', extra_headers: { 'X-A': 'b\n' } }, 'invalid value character in header'],
    [
      { uri: 'http://x', timeout: 60_001 },
      'property "timeout" validation failed: expected 60001 to be at most 60000',
    ],
    [
      { uri: 'http://x', request_method: 'PUT' },
      'property "request_method" validation failed: matches none of the enum values',
    ],
  ])('refuses %j', async (configuration, message) => {
    expect(await bench.refusal({ 'forward-auth': configuration })).toBe(message);
  });
});
