import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestGateway, type TestGateway } from './support/gateway.ts';
import { exchange } from './support/http.ts';
import { converse } from './support/raw.ts';
import { startUpstream, type TestUpstream } from './support/upstream.ts';

let gateway: TestGateway;
let upstream: TestUpstream;
beforeAll(async () => {
  gateway = await startTestGateway();
  upstream = await startUpstream((request, response) => response.end(request.url));
  const nodes = { [upstream.address]: 1 };
  const put = await gateway.admin('PUT', '/routes/all', { uri: '/*', upstream: { nodes } });
  expect(put.status, put.body).toBeLessThan(300);
});
afterAll(async () => {
  await gateway.close();
  await upstream.close();
});

/** HTTP/2 without TLS is not served: RFC 9113, section 3.3 (a client that knows), and RFC 9110, section 7.8 (one that asks). */
describe('a client of HTTP/2 without TLS', () => {
  it('that takes it for granted is told that the version is not served, and nothing is done', async () => {
    const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
    const received = await converse(gateway.port, PREFACE);
    expect(received).toMatch(/^HTTP\/1\.1 505 HTTP Version Not Supported\r\n/);
    expect(received.match(/HTTP\/1\.1 /g)).toHaveLength(1);

    const session = connectHttp2(gateway.proxyUrl);
    const request = session.request({ ':path': '/a' }).on('error', () => {});
    const [error] = (await once(session, 'error')) as [NodeJS.ErrnoException];
    expect(error.code).toBe('ERR_HTTP2_ERROR');
    expect(request.sentHeaders[':path']).toBe('/a');
    session.destroy();
    const { body } = await exchange(`http://127.0.0.1:${gateway.adminPort}/apisix/prometheus/metrics`);
    expect(body).toMatch(/qbtc_gateway_refused_requests_total\{.*reason="version".*\} 2\n/);
  });

  it('that asks for it goes on in HTTP/1.1', async () => {
    const asked =
      'GET /asked HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n';
    const received = await converse(gateway.port, asked);
    expect(received).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(received).not.toMatch(/^upgrade:/im);
    expect(received).toMatch(/\/asked$/);
  });
});

describe('2,000 connections that are kept', () => {
  const COUNT = 2_000;

  it('hinder nobody while they are idle, and are each served when they speak again', async () => {
    const received = new Map<Socket, string>();
    const open = async () => {
      const socket = connect(gateway.port, '127.0.0.1').setEncoding('latin1');
      received.set(socket, '');
      socket.on('data', (chunk: string) => received.set(socket, received.get(socket) + chunk));
      await once(socket, 'connect');
      return socket;
    };
    /** Each asks for a path of its own, a hundred at a time, and gets its own answer. */
    const askAll = async (sockets: Socket[], round: string) => {
      for (let first = 0; first < sockets.length; first += 100) {
        const some = sockets.slice(first, first + 100);
        await Promise.all(
          some.map(async (socket, index) => {
            const path = `/${round}/${first + index}`;
            received.set(socket, '');
            socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
            while (!received.get(socket)?.endsWith(path)) await once(socket, 'data');
          }),
        );
      }
    };
    const sockets: Socket[] = [];
    for (let first = 0; first < COUNT; first += 100)
      sockets.push(...(await Promise.all(Array.from({ length: 100 }, open))));
    try {
      await askAll(sockets, 'first');
      expect((await exchange(`${gateway.proxyUrl}/another`)).body).toBe('/another');
      expect(sockets.filter(({ destroyed }) => destroyed)).toEqual([]);
      await askAll(sockets, 'again');
    } finally {
      for (const socket of sockets) socket.destroy();
    }
    expect((await exchange(`${gateway.proxyUrl}/after`)).body).toBe('/after');
  }, 120_000);
});
