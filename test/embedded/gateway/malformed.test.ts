import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestGateway, type TestGateway } from './support/gateway.ts';
import { exchange } from './support/http.ts';
import { startUpstream, type TestUpstream } from './support/upstream.ts';

describe('requests that break the rules of HTTP', () => {
  let gateway: TestGateway;
  let upstream: TestUpstream;
  const reached: string[] = [];

  beforeAll(async () => {
    gateway = await startTestGateway();
    upstream = await startUpstream((request, response) => {
      reached.push(`${request.method} ${request.url}`);
      request.resume().on('end', () => response.end('ok'));
    });
    await gateway.admin('PUT', '/routes/all', { uri: '/*', upstream: { nodes: { [upstream.address]: 1 } } });
  });
  afterAll(async () => {
    await gateway.close();
    await upstream.close();
  });

  /** Everything that comes back for these bytes until the gateway closes the connection. */
  function raw(bytes: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const socket = connect(gateway.port, '127.0.0.1', () => socket.write(bytes, 'latin1'));
      let received = '';
      socket.setEncoding('latin1').on('data', (chunk: string) => {
        received += chunk;
      });
      socket.on('close', () => resolve(received));
      socket.on('error', reject);
      socket.setTimeout(3000, () => socket.destroy());
    });
  }

  const chunked = 'POST /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n';
  it.each([
    [
      'Content-Length and Transfer-Encoding at once',
      'POST /s HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG',
    ],
    [
      'two different Content-Lengths',
      'POST /s HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab',
    ],
    ['a Content-Length that is not a number', 'POST /s HTTP/1.1\r\nHost: x\r\nContent-Length: 1x\r\n\r\na'],
    [
      'a Transfer-Encoding that does not end in chunked',
      'POST /s HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n',
    ],
    ['space before the colon', 'GET /s HTTP/1.1\r\nHost: x\r\nX-A : b\r\n\r\n'],
    ['a folded field', 'GET /s HTTP/1.1\r\nHost: x\r\nX-A: b\r\n c\r\n\r\n'],
    ['a bare line feed inside a field', 'GET /s HTTP/1.1\r\nHost: x\r\nX-A: b\nX-B: c\r\n\r\n'],
    ['a NUL in a field', 'GET /s HTTP/1.1\r\nHost: x\r\nX-A: \0\r\n\r\n'],
    ['no Host', 'GET /s HTTP/1.1\r\n\r\n'],
    ['a request line that is none', 'HELLO\r\n\r\n'],
  ])('refuses %s', async (_name, bytes) => {
    const answer = await raw(bytes);
    expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
    expect(answer.match(/HTTP\/1\.1 /g)).toHaveLength(1);
    expect(reached.filter((line) => line.includes('/s'))).toEqual([]);
  });

  it.each([
    ['a size that is not hexadecimal', 'zz\r\nab\r\n0\r\n\r\n'],
    ['a size with a sign', '-1\r\nab\r\n0\r\n\r\n'],
    ['a chunk that is longer than it says', '1\r\nab\r\n0\r\n\r\n'],
    ['a size that overflows', 'fffffffffffffffff\r\nab\r\n0\r\n\r\n'],
  ])('closes on %s in a chunked body', async (_name, body) => {
    const answer = await raw(chunked + body);
    expect(answer).not.toMatch(/^HTTP\/1\.1 200/);
  });

  it('does not take what follows a refused request for another one', async () => {
    const smuggled = 'GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n';
    await raw(
      `POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: ${smuggled.length}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`,
    );
    expect(reached.some((line) => line.includes('smuggled'))).toBe(false);
  });

  it('answers pipelined requests in order', async () => {
    const answer = await raw(
      'GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
    );
    expect(answer.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(2);
  });

  it('refuses fields that are too long with 431', async () => {
    expect(await raw(`GET /long HTTP/1.1\r\nHost: x\r\nX-Long: ${'a'.repeat(40_000)}\r\n\r\n`)).toMatch(
      /^HTTP\/1\.1 431 /,
    );
  });

  it('refuses CONNECT', async () => {
    expect(await raw('CONNECT x:1 HTTP/1.1\r\nHost: x:1\r\n\r\n')).toMatch(/^HTTP\/1\.1 405 Not Allowed/);
  });

  it('still serves after all of that', async () => {
    expect((await exchange(`${gateway.proxyUrl}/after`)).body).toBe('ok');
    expect(reached).toContain('GET /after');
  });
});
