import { EventEmitter, once } from 'node:events';
import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { createGunzip, gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { pluginBench } from '../support/plugins.ts';
import type { RawAnswer } from '../support/raw.ts';

const bench = pluginBench();
const HTML = 'text/html; charset=utf-8';
const text = 'a line of text that comes again and again\n'.repeat(100);

let routes = 0;
/** What comes back for an upstream's answer under the plugin. */
async function answered(
  answer: { status?: number; headers?: OutgoingHttpHeaders; body?: string | Buffer },
  request: { method?: string; version?: string; headers?: Record<string, string>; plugins?: object } = {},
  configuration: object = {},
): Promise<RawAnswer> {
  const uri = `/gzip-${routes++}`;
  await bench.route(uri, { gzip: configuration, ...request.plugins });
  const { status = 200, headers = { 'Content-Type': HTML }, body = text } = answer;
  bench.answer = (_, response) => {
    const length = status === 204 || status === 304 ? {} : { 'Content-Length': Buffer.byteLength(body) };
    response.writeHead(status, { ...length, ...headers }).end(body);
  };
  return bench.send(uri, {
    ...(request.method === undefined ? {} : { method: request.method }),
    headers: { 'Accept-Encoding': 'gzip', ...request.headers },
  });
}

const bytes = (answer: RawAnswer) => Buffer.from(answer.body, 'latin1');

describe('gzip', () => {
  it.each([
    ['that is small', text],
    ['that is large', text.repeat(30)],
  ])('compresses a body %s, and says so', async (_, body) => {
    const answer = await answered({
      headers: { 'Content-Type': HTML, ETag: '"1"', 'Accept-Ranges': 'bytes', 'Last-Modified': 'x' },
      body,
    });
    expect(gunzipSync(bytes(answer)).toString()).toBe(body);
    expect(bytes(answer).length).toBeLessThan(body.length / 10);
    expect(answer.headers).toMatchObject({
      'content-encoding': ['gzip'],
      'content-type': [HTML],
      etag: ['W/"1"'],
      'last-modified': ['x'],
      'transfer-encoding': ['chunked'],
    });
    expect(answer.headers).not.toHaveProperty('content-length');
    expect(answer.headers).not.toHaveProperty('accept-ranges');
    expect(answer.headers).not.toHaveProperty('vary');
  });

  it.each([
    ['for a client that does not take it', {}, { headers: { 'Accept-Encoding': 'br, deflate' } }, {}],
    ['for a client that gives it no weight', {}, { headers: { 'Accept-Encoding': 'gzip;q=0.0, br' } }, {}],
    ['for a client behind another proxy', {}, { headers: { Via: '1.1 proxy' } }, {}],
    ['of another type', { headers: { 'Content-Type': 'application/json' } }, {}, {}],
    ['without a type', { headers: {} }, {}, {}],
    ['that is shorter than it should be', { body: 'x'.repeat(19) }, {}, {}],
    ['that is compressed', { headers: { 'Content-Type': HTML, 'Content-Encoding': 'br' } }, {}, {}],
    ['that is a part', { status: 206 }, { headers: { Range: 'bytes=0-9' } }, {}],
    ['that is an error of the upstream', { status: 500 }, {}, {}],
    ['of a HEAD', {}, { method: 'HEAD' }, {}],
  ])('leaves an answer alone %s', async (_, answer, request, configuration) => {
    const got = await answered(answer, request, configuration);
    expect(got.headers).not.toHaveProperty('transfer-encoding');
    expect(got.headers['content-length']).toEqual([
      String((answer as { body?: string }).body?.length ?? text.length),
    ]);
    expect(got.headers['content-encoding']).toEqual(
      'headers' in answer && 'Content-Encoding' in (answer.headers ?? {}) ? ['br'] : undefined,
    );
    if ((request as { method?: string }).method !== 'HEAD')
      expect(got.body).toBe((answer as { body?: string }).body ?? text);
  });

  it.each([204, 304])('leaves a %i alone', async (status) => {
    const got = await answered({ status, body: '', headers: { 'Content-Type': HTML, ETag: '"1"' } });
    expect([got.status, got.headers.etag, got.headers['content-encoding']]).toEqual([
      status,
      ['"1"'],
      undefined,
    ]);
  });

  it('compresses every type, from one byte on, for HTTP/1.0, and varies, where it is told to', async () => {
    const configuration = { types: '*', min_length: 1, http_version: 1, vary: true, comp_level: 9 };
    const uri = '/all';
    await bench.route(uri, { gzip: configuration });
    bench.answer = (_, response) => {
      response.writeHead(404, { 'Content-Type': 'video/3gpp', Vary: 'Origin' }).end('x');
    };
    const answer = await bench.send(uri, { headers: { 'Accept-Encoding': 'br;q=1.0, gzip;q=0.2' } });
    expect(gunzipSync(bytes(answer)).toString()).toBe('x');
    expect(answer.headers.vary).toEqual(['Origin', 'Accept-Encoding']);
    const plain = await bench.send(uri);
    expect([plain.body, plain.headers.vary]).toEqual(['x', ['Origin', 'Accept-Encoding']]);
  });

  it('compresses what other plugins have made of a body, behind all of them', async () => {
    const replaced = await answered({}, { plugins: { 'response-rewrite': { body: 'replaced '.repeat(9) } } });
    expect(gunzipSync(bytes(replaced)).toString()).toBe('replaced '.repeat(9));
    const filters = [{ regex: 'line', scope: 'global', replace: 'row' }];
    const filtered = await answered({}, { plugins: { 'response-rewrite': { filters } } });
    expect(gunzipSync(bytes(filtered)).toString()).toBe(text.replaceAll('line', 'row'));
    expect(filtered.headers['content-encoding']).toEqual(['gzip']);
  });

  it('gives each event of a stream on as it comes', async () => {
    await bench.route('/events', { gzip: { types: ['text/event-stream'] } });
    const streaming = new EventEmitter();
    bench.answer = (_, response) => {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      response.flushHeaders();
      streaming.emit('begun', response);
    };
    const begun = once(streaming, 'begun');
    const socket = connect(bench.gateway.port, '127.0.0.1');
    socket.write('GET /events HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n');
    let received = Buffer.alloc(0);
    let plain = '';
    const gunzip = createGunzip().on('data', (piece: Buffer) => {
      plain += piece.toString();
    });
    socket.on('data', (piece: Buffer) => {
      received = Buffer.concat([received, piece]);
      const end = received.indexOf('\r\n\r\n');
      if (end === -1) return;
      for (let at = end + 4; ; ) {
        const line = received.indexOf('\r\n', at);
        const size = Number.parseInt(received.toString('latin1', at, line), 16);
        if (line === -1 || !(size > 0) || received.length < line + 2 + size) {
          received = Buffer.concat([received.subarray(0, end + 4), received.subarray(at)]);
          return;
        }
        gunzip.write(received.subarray(line + 2, line + 2 + size));
        at = line + 2 + size + 2;
      }
    });
    const [response] = (await begun) as [ServerResponse];
    for (const event of ['data: one\n\n', 'data: two\n\n']) {
      response.write(event);
      await expect.poll(() => plain, { interval: 1 }).toContain(event);
    }
    response.end();
    await once(socket, 'close');
    expect(plain).toBe('data: one\n\ndata: two\n\n');
  });

  it.each([
    [{ types: [] }, 'property "types" validation failed: object matches none of the required'],
    [{ comp_level: 10 }, 'property "comp_level" validation failed: expected 10 to be at most 9'],
    [{ http_version: 2 }, 'property "http_version" validation failed: matches none of the enum values'],
    [{ min_length: 0 }, 'property "min_length" validation failed: expected 0 to be at least 1'],
  ])('is refused with %j', async (configuration, message) => {
    expect(await bench.refusal({ gzip: configuration })).toBe(message);
  });
});
