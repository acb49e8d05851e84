import { once } from 'node:events';
import type { Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { exchange } from '../support/http.ts';
import { type RawUpstream, startRawUpstream } from '../support/raw-upstream.ts';
import { startUpstream, type TestUpstream } from '../support/upstream.ts';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

let gateway: TestGateway;
let upstream: TestUpstream;
const sockets: Socket[] = [];

beforeAll(async () => {
  gateway = await startTestGateway();
  upstream = await startUpstream((request, response) => {
    if (request.url === '/broken') request.socket.destroy();
    else response.end('hello');
  });
  upstream.server.on('connection', (socket: Socket) => sockets.push(socket));
});
afterAll(() => Promise.all([gateway.close(), upstream.close()]));

async function route(id: string, upstreamValue: object): Promise<void> {
  const answer = await gateway.admin('PUT', `/routes/${id}`, { uri: `/${id}`, upstream: upstreamValue });
  expect(answer.status, answer.body).toBeLessThan(300);
}

const get = (path: string) => exchange(gateway.proxyUrl + path);

describe('a node whose name nothing answers for', () => {
  // No resolver has to be asked: a label holds 63 characters.
  const nowhere = `${'x'.repeat(64)}.example:80`;

  it('is as good as none: 503, from the gateway alone', async () => {
    await route('nowhere', { nodes: { [nowhere]: 1 } });
    const answer = await get('/nowhere');
    expect(answer.status).toBe(503);
    expect(answer.headers).not.toHaveProperty('x-apisix-upstream-status');
  });

  it('is left out, whatever the number of retries', async () => {
    await route('one-nowhere', { nodes: { [nowhere]: 1, [upstream.address]: 1 }, retries: 0 });
    const answers = await Promise.all(Array.from({ length: 4 }, () => get('/one-nowhere')));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  });
});

describe('a node that is alone', () => {
  it('is asked again as often as `retries` says', async () => {
    for (const [retries, tries] of [
      [undefined, 1],
      [2, 3],
    ] as const) {
      await route('broken', {
        nodes: { [upstream.address]: 1 },
        timeout: { connect: 4, send: 5, read: 5 },
        ...(retries === undefined ? {} : { retries }),
      });
      const before = sockets.length;
      const answer = await get('/broken');
      expect(answer.status).toBe(502);
      expect(answer.headers['x-apisix-upstream-status']).toBe(Array(tries).fill('502').join(', '));
      expect(sockets.length - before).toBe(tries);
    }
  });
});

describe('keepalive_pool', () => {
  /** How many connections so many requests, one after the other, have taken. */
  async function connectionsFor(requests: number): Promise<number> {
    const before = sockets.length;
    for (let i = 0; i < requests; i++) expect((await get('/kept')).body).toBe('hello');
    return sockets.length - before;
  }

  it('says how many requests a connection carries, and for how long it waits for one', async () => {
    await route('kept', { nodes: { [upstream.address]: 1 }, timeout: { connect: 1, send: 5, read: 5 } });
    expect(await connectionsFor(5)).toBe(1);
    const pool = { requests: 2, idle_timeout: 0.02 };
    await route('kept', {
      nodes: { [upstream.address]: 1 },
      timeout: { connect: 2, send: 5, read: 5 },
      keepalive_pool: { ...pool, idle_timeout: 30 },
    });
    expect(await connectionsFor(5)).toBe(3);
    await route('kept', {
      nodes: { [upstream.address]: 1 },
      timeout: { connect: 3, send: 5, read: 5 },
      keepalive_pool: { ...pool, requests: 100 },
    });
    expect(await connectionsFor(1)).toBe(1);
    await once(sockets.at(-1) as Socket, 'close');
    expect(await connectionsFor(1)).toBe(1);
  });
});

describe('kept connections that the node closes just as they are used again', () => {
  let closing: RawUpstream;

  beforeAll(async () => {
    // Three are answered at once, so that there are three connections; each closes at its second request.
    let waiting: Socket[] = [];
    closing = await startRawUpstream(({ socket, received }) => {
      if (received.split('\r\n\r\n').length > 2) {
        socket.destroy();
        return;
      }
      waiting.push(socket);
      if (waiting.length < 3 && closing.connections.length <= 3) return;
      for (const each of waiting) each.write(OK);
      waiting = [];
    });
    await route('closing', {
      nodes: { [closing.address]: 1 },
      checks: { passive: { unhealthy: { tcp_failures: 1 } }, active: { unhealthy: { interval: 60 } } },
    });
  });
  afterAll(() => closing.close());
  beforeEach(async () => {
    closing.connections.length = 0;
    await Promise.all(Array.from({ length: 3 }, () => get('/closing')));
    expect(closing.connections).toHaveLength(3);
  });

  it('cost a request that may be repeated nothing, however many there are', async () => {
    expect((await get('/closing')).body).toBe('ok');
    expect(closing.connections).toHaveLength(4);
  });

  it('fail one that may not, which is sent no second time', async () => {
    const answer = await exchange(`${gateway.proxyUrl}/closing`, { method: 'POST', body: 'a' });
    expect(answer.status).toBe(502);
    expect(closing.received.match(/POST/g)).toHaveLength(1);
  });

  afterEach(async () => {
    // They say nothing about the node.
    const metrics = await exchange(`http://127.0.0.1:${gateway.adminPort}/apisix/prometheus/metrics`);
    expect(metrics.body).toMatch(/apisix_upstream_status\{[^}]*closing[^}]*\} 1/);
  });
});

describe('an answer whose status a plugin changes', () => {
  it.each([
    [304, 200],
    [200, 304],
    [200, 204],
  ])('from %i to %i has no length but that of its body', async (from, to) => {
    const node = await startRawUpstream(({ socket }) => {
      const body = from === 304 ? '' : 'ok';
      socket.write(`HTTP/1.1 ${from} X\r\nContent-Length: ${from === 304 ? 100 : 2}\r\n\r\n${body}`);
    });
    const value = {
      uri: '/status',
      plugins: { 'response-rewrite': { status_code: to } },
      upstream: { nodes: { [node.address]: 1 } },
    };
    expect((await gateway.admin('PUT', '/routes/status', value)).status).toBeLessThan(300);
    const answer = await get('/status');
    await node.close();
    expect([answer.status, answer.headers['content-length'], answer.body]).toEqual([to, undefined, '']);
  });
});

describe('ewma', () => {
  it('learns from answers which node is the faster one', async () => {
    const slow = await startUpstream((_, response) => setTimeout(() => response.end('slow'), 20));
    await route('ewma', { type: 'ewma', nodes: { [upstream.address]: 1, [slow.address]: 1 } });
    const path = '/ewma';
    const bodies: string[] = [];
    for (let i = 0; i < 8; i++) bodies.push((await get(path)).body);
    await slow.close();
    // Both are tried first, as nothing is known of them.
    expect(bodies.slice(2)).toEqual(Array(6).fill('hello'));
  });
});
