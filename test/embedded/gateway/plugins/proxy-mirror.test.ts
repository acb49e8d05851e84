import { once } from 'node:events';
import type { IncomingMessage, RequestListener } from 'node:http';
import { connect } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startTestGateway } from '../support/gateway.ts';
import { pluginBench } from '../support/plugins.ts';
import { startUpstream, type TestUpstream } from '../support/upstream.ts';

const bench = pluginBench();

interface Mirrored {
  method: string;
  target: string;
  headers: IncomingMessage['headers'];
  body: string;
}

let mirror: TestUpstream;
let mirrored: Mirrored[] = [];
const answerAtOnce: RequestListener = (_, response) => response.end('from the mirror');
let answer = answerAtOnce;

beforeAll(async () => {
  mirror = await startUpstream((request, response) => {
    let body = '';
    request.setEncoding('latin1').on('data', (chunk: string) => {
      body += chunk;
    });
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      mirrored.push({ method, target: url, headers, body });
      answer(request, response);
    });
  });
});
afterAll(() => mirror.close());
beforeEach(() => {
  mirrored = [];
  answer = answerAtOnce;
});

const to = (more: object = {}) => ({ 'proxy-mirror': { host: `http://${mirror.address}`, ...more } });

/** What the mirror has got by now, as soon as that is something. */
async function gotten(): Promise<Mirrored[]> {
  await expect.poll(() => mirrored.length, { interval: 1 }).toBeGreaterThan(0);
  return mirrored;
}

describe('proxy-mirror', () => {
  it('sends the mirror what it sends on, and the client what the upstream says', async () => {
    await bench.route('/a/*', {
      ...to(),
      'proxy-rewrite': { uri: '/rewritten', headers: { set: { 'X-Set': 'by the gateway' } } },
    });
    const sent = await bench.send('/a/b%20c?d=%ff', {
      method: 'PUT',
      headers: { Host: 'somewhere.test', 'X-Bytes': 'gr\xc3\xbc\xff', Connection: 'X-Own', 'X-Own': 'x' },
      body: 'a body \xff\0',
    });
    expect(sent.body).toBe('upstream');
    expect(bench.seen?.target).toBe('/rewritten?d=%ff');
    const [copy] = await gotten();
    expect(copy).toMatchObject({ method: 'PUT', target: '/a/b%20c?d=%ff', body: 'a body \xff\0' });
    expect(copy?.headers).toMatchObject({
      host: 'somewhere.test',
      'x-bytes': 'gr\xc3\xbc\xff',
      'x-set': 'by the gateway',
      'content-length': '9',
    });
    expect(copy?.headers).not.toHaveProperty('x-own');
  });

  it.each([
    ['/b1', { path: '/größe' }, '/gr%C3%B6%C3%9Fe?x=1'],
    ['/b2', { path: '/p', path_concat_mode: 'prefix' }, '/p/b2?x=1'],
  ])('at %s with %j sends it to %s', async (uri, more, target) => {
    await bench.route(uri, to(more));
    await bench.send(`${uri}?x=1`);
    expect((await gotten())[0]?.target).toBe(target);
  });

  it('mirrors a body of unknown length, and none that is too long', async () => {
    await bench.route('/c', to());
    const head = 'POST /c HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n';
    const ended = async (text: string) => {
      const socket = connect(bench.gateway.port, '127.0.0.1');
      socket.end(head + text).resume();
      await once(socket, 'close');
    };
    const long = 'x'.repeat(1 << 20);
    await ended(`${long.length.toString(16)}\r\n${long}\r\n1\r\ny\r\n0\r\n\r\n`);
    await ended('3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n');
    expect((await gotten()).map(({ body }) => body)).toEqual(['abcde']);
    expect(bench.seen?.body).toBe('abcde');
    expect(bench.gateway.logged.at(-1)?.message).toMatch(/^requests to mirror lost: 1 \(a body/);
  });

  it('mirrors nothing that is refused, and what its upstream does not answer', async () => {
    await bench.route('/d', { ...to(), 'key-auth': {} });
    await bench.route('/e', { ...to(), 'limit-count': { count: 1, time_window: 9 } });
    await bench.route('/f', to(), { upstream: { nodes: { '127.0.0.1:1': 1 } } });
    const statuses: number[] = [];
    for (const uri of ['/d', '/e', '/e', '/f']) statuses.push((await bench.send(uri)).status);
    expect(statuses).toEqual([401, 200, 503, 502]);
    await expect
      .poll(() => mirrored.map(({ target }) => target).sort(), { interval: 1 })
      .toEqual(['/e', '/f']);
  });

  it('mirrors the share that it is told to', async () => {
    await bench.route('/g', to({ sample_ratio: 0.5 }));
    bench.random = 0.5;
    await bench.send('/g?1');
    bench.random = 0.49;
    await bench.send('/g?2');
    expect((await gotten()).map(({ target }) => target)).toEqual(['/g?2']);
  });

  it('does not wait for a mirror that hangs, resets, or is not there, and says what is lost', async () => {
    await bench.route('/h', to());
    answer = (request) => void request.socket.destroy();
    expect((await bench.send('/h')).body).toBe('upstream');
    answer = () => {};
    for (let i = 0; i < 66; i++) expect((await bench.send('/h')).status).toBe(200);
    await bench.route('/i', to({ host: 'http://127.0.0.1:1' }));
    bench.now += 61_000;
    expect((await bench.send('/i')).body).toBe('upstream');
    await expect
      .poll(() => bench.gateway.logged.at(-1)?.message, { interval: 1 })
      .toMatch(/^requests to mirror lost: /);
  });

  it('does not hold the gateway when it closes', async () => {
    const gateway = await startTestGateway();
    answer = () => {};
    await gateway.admin('PUT', '/routes/1', {
      uri: '/',
      plugins: to(),
      upstream: { nodes: { [bench.upstream.address]: 1 } },
    });
    const socket = connect(gateway.port, '127.0.0.1');
    socket.end('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n').resume();
    await once(socket, 'close');
    await gotten();
    await gateway.close();
    expect(gateway.logged.at(-1)?.message).toMatch(
      /^requests to mirror lost: 1 \(The operation was aborted: the gateway closes\)$/,
    );
  });

  it.each([
    [{ host: 'ftp://127.0.0.1:1999' }, /^property "host" validation failed: failed to match pattern /],
    [{ host: '127.0.0.1:1999' }, /^property "host" validation failed: failed to match pattern /],
    [{ host: 'http://127.0.0.1:1999/uri' }, /^property "host" validation failed: failed to match pattern /],
    [{ host: 'http://127.0.0.1:99999' }, 'invalid host http://127.0.0.1:99999'],
    [{ host: 'grpc://127.0.0.1:1999' }, /^a mirror that speaks gRPC is not available in this gateway; /],
    [{ path: '/a?b' }, /^property "path" validation failed: failed to match pattern /],
    [{ sample_ratio: 10 }, 'property "sample_ratio" validation failed: expected 10 to be at most 1'],
  ])('is refused with %j', async (more, message) => {
    const refusal = await bench.refusal(to(more));
    if (typeof message === 'string') expect(refusal).toBe(message);
    else expect(refusal).toMatch(message);
  });
});
