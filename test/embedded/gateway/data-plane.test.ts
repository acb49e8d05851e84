import { EventEmitter, once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, fetch } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestGateway, type TestGateway } from './support/gateway.ts';
import { exchange } from './support/http.ts';
import { startUpstream, type TestUpstream } from './support/upstream.ts';

/** Long before any time of the gateway's own is over, which would have the same come about. */
const PROMPTLY = { timeout: 10_000 };

describe('the data plane', () => {
  let gateway: TestGateway;
  const upstreams: TestUpstream[] = [];

  beforeAll(async () => {
    gateway = await startTestGateway();
  });
  afterAll(async () => {
    await gateway.close();
    await Promise.all(upstreams.map((upstream) => upstream.close()));
  });

  async function upstreamOf(...args: Parameters<typeof startUpstream>): Promise<TestUpstream> {
    const upstream = await startUpstream(...args);
    upstreams.push(upstream);
    return upstream;
  }

  async function route(id: string, value: object): Promise<void> {
    const answer = await gateway.admin('PUT', `/routes/${id}`, value);
    expect(answer.status, answer.body).toBeLessThan(300);
  }

  const to = (...nodes: { address: string }[]) => ({
    nodes: Object.fromEntries(nodes.map(({ address }) => [address, 1])),
  });

  it('changes routes under load without one request failing', async () => {
    const [one, two] = await Promise.all(
      ['1', '2'].map((word) => upstreamOf((_, response) => response.end(word))),
    );
    if (one === undefined || two === undefined) throw new Error('no upstreams');
    await route('hot', { uri: '/hot', upstream: to(one) });
    const agent = new Agent({ connections: 8 });
    const statuses = new Map<number, number>();
    const bodies = new Set<string>();
    let going = true;
    const clients = Array.from({ length: 8 }, async () => {
      while (going) {
        const response = await fetch(`${gateway.proxyUrl}/hot`, { dispatcher: agent });
        bodies.add(await response.text());
        statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
      }
    });
    for (let i = 0; i < 40; i++) {
      await route('hot', { uri: '/hot', upstream: to(i % 2 === 0 ? two : one) });
      await route(`other-${i}`, { uri: `/other/${i}/*`, upstream: to(one) });
    }
    going = false;
    await Promise.all(clients);
    await agent.close();
    expect([...statuses.keys()]).toEqual([200]);
    expect([...bodies].sort()).toEqual(['1', '2']);
  }, 60_000);

  it('sends the head on before the body has begun', async () => {
    const upstream = await upstreamOf((_, response) => {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      response.flushHeaders();
    });
    await route('head', { uri: '/head', upstream: to(upstream) });
    const response = await fetch(`${gateway.proxyUrl}/head`, { signal: AbortSignal.timeout(2000) });
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    await response.body?.cancel();
  });

  it('slows the upstream down when the client does not read', async () => {
    const MEGABYTE = Buffer.alloc(1 << 20);
    let written = 0;
    const upstream = await upstreamOf(async (_, response) => {
      for (let i = 0; i < 200 && !response.destroyed; i++) {
        written++;
        if (!response.write(MEGABYTE)) await Promise.race([once(response, 'drain'), once(response, 'close')]);
      }
      response.end();
    });
    await route('slow-client', { uri: '/slow-client', upstream: to(upstream) });
    const socket = connect(gateway.port, '127.0.0.1');
    socket.pause();
    socket.write('GET /slow-client HTTP/1.1\r\nHost: x\r\n\r\n');
    await expect.poll(() => written).toBeGreaterThan(0);
    const settled = async () => {
      const before = written;
      await sleep(300);
      return written === before;
    };
    await expect.poll(settled).toBe(true);
    expect(written).toBeLessThan(100);
    socket.destroy();
  });

  it('aborts the request to the upstream when the client goes away before an answer', async () => {
    let closed = 0;
    const upstream = await upstreamOf((_, response) => {
      response.on('close', () => closed++);
    });
    await route('gone', { uri: '/gone', upstream: to(upstream) });
    const outgoing = request(`${gateway.proxyUrl}/gone`);
    outgoing.on('error', () => {});
    outgoing.end();
    await expect.poll(() => upstream.server.listening && countOf(upstream)).toBe(1);
    outgoing.destroy();
    await expect.poll(() => closed, PROMPTLY).toBe(1);
  });

  const countOf = (upstream: TestUpstream) => {
    let count = 0;
    upstream.server.getConnections((_, connections) => {
      count = connections;
    });
    return sleep(10).then(() => count);
  };

  it('repeats a request that met a kept connection as the upstream closed it', async () => {
    let served = 0;
    const upstream = await upstreamOf((request, response) => {
      served++;
      const { socket } = request;
      response.end('ok');
      // Closed without having announced it, when the next request is under way.
      if (served === 1) socket.once('data', () => socket.destroy());
    });
    await route('stale', { uri: '/stale', upstream: to(upstream) });
    expect((await exchange(`${gateway.proxyUrl}/stale`)).status).toBe(200);
    expect((await exchange(`${gateway.proxyUrl}/stale`)).status).toBe(200);
  });

  it('does not repeat a POST that an upstream may have taken', async () => {
    let seen = 0;
    const breaking = await upstreamOf((request) => {
      seen++;
      request.socket.destroy();
    });
    await route('once', { uri: '/once', upstream: { ...to(breaking), retries: 3 } });
    expect((await exchange(`${gateway.proxyUrl}/once`, { method: 'POST', body: 'x' })).status).toBe(502);
    expect(seen).toBe(1);
  });

  it('answers 502 to an upstream that does not speak HTTP', async () => {
    const upstream = await upstreamOf((request) => {
      request.socket.end('garbage\r\n\r\n');
    });
    await route('garbage', { uri: '/garbage', upstream: to(upstream) });
    const answer = await exchange(`${gateway.proxyUrl}/garbage`);
    expect(answer.status).toBe(502);
    expect(answer.body).toContain('<center><h1>502 Bad Gateway</h1></center>');
  });

  it('passes on an upstream’s 500 and says where it came from', async () => {
    const upstream = await upstreamOf((_, response) => response.writeHead(500).end('own words'));
    await route('fails', { uri: '/fails', upstream: to(upstream) });
    const answer = await exchange(`${gateway.proxyUrl}/fails`);
    expect([answer.status, answer.body]).toEqual([500, 'own words']);
    expect(answer.headers['x-apisix-upstream-status']).toBe('500');
    expect(answer.headers.server).toBe('qbtc-gateway');
  });

  it('keeps the client’s connection after an answer that did not wait for the body', async () => {
    await route('early', {
      uri: '/early',
      plugins: { 'key-auth': {} },
      upstream: { nodes: { '127.0.0.1:1': 1 } },
    });
    const agent = new Agent({ connections: 1 });
    for (let i = 0; i < 3; i++) {
      const response = await fetch(`${gateway.proxyUrl}/early`, {
        method: 'POST',
        body: 'x'.repeat(100_000),
        dispatcher: agent,
      });
      expect(response.status).toBe(401);
      await response.text();
    }
    await agent.close();
  });

  it('keeps the client’s connection when the upstream answers before it has the whole body', async () => {
    const upstream = await upstreamOf((_, response) => response.writeHead(413).end('too much'));
    await route('hasty', { uri: '/hasty', upstream: to(upstream) });
    const agent = new Agent({ connections: 1 });
    for (let i = 0; i < 3; i++) {
      const response = await fetch(`${gateway.proxyUrl}/hasty`, {
        method: 'POST',
        body: 'x'.repeat(2_000_000),
        dispatcher: agent,
        signal: AbortSignal.timeout(3000),
      });
      expect([response.status, await response.text()]).toEqual([413, 'too much']);
    }
    await agent.close();
  });

  it('passes on the early answer of an upstream that closes while the body is still being sent', async () => {
    const upstream = await upstreamOf((request, response) => {
      response.writeHead(413, { 'Content-Type': 'application/json', Connection: 'close' });
      response.end('{"error":{"message":"too large"}}', () => request.socket.destroy());
    });
    await route('early', { uri: '/early', upstream: to(upstream) });
    const body = Buffer.alloc(17_000_000, 'x');
    for (let i = 0; i < 6; i++) {
      const answer = await exchange(`${gateway.proxyUrl}/early`, {
        method: 'POST',
        headers: { 'Content-Length': String(body.length) },
        body,
      });
      expect([answer.status, answer.body]).toEqual([413, '{"error":{"message":"too large"}}']);
    }
  });

  it('takes a client that goes away in the middle of its body for what it is', async () => {
    let aborted = 0;
    const upstream = await upstreamOf((request) => {
      request.on('aborted', () => aborted++).resume();
    });
    await route('half', { uri: '/half', upstream: to(upstream) });
    const warnings = () => gateway.logged.filter(({ level }) => level !== 'info').length;
    const before = warnings();
    const socket = connect(gateway.port, '127.0.0.1');
    socket.write('POST /half HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nhalf');
    await expect.poll(() => countOf(upstream)).toBe(1);
    await sleep(50);
    socket.destroy();
    await expect.poll(() => aborted, PROMPTLY).toBe(1);
    expect(warnings()).toBe(before);
  });

  it('is not fooled by escapes and dot segments', async () => {
    const upstream = await upstreamOf((request, response) => response.end(request.url));
    await route('open', { uri: '/open/*', upstream: to(upstream) });
    await route('guarded', { uri: '/open/admin', plugins: { 'key-auth': {} }, upstream: to(upstream) });
    for (const path of [
      '/open/admin',
      '/open/%61dmin',
      '/open//admin',
      '/open/x/../admin',
      '/open/%2e/admin',
    ]) {
      expect([path, (await rawTarget(path)).status]).toEqual([path, 401]);
    }
    expect(await rawTarget('/open/a%20b')).toMatchObject({ status: 200, body: '/open/a%20b' });
  });

  /** `fetch` and URL would tidy the path up. */
  const rawTarget = (path: string) =>
    new Promise<{ status: number | undefined; body: string }>((resolve, reject) => {
      request({ host: '127.0.0.1', port: gateway.port, path, agent: false }, (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          body += chunk;
        });
        response.on('end', () => resolve({ status: response.statusCode, body }));
      })
        .on('error', reject)
        .end();
    });

  it('adds the quantum headers and lets nobody else set them', async () => {
    const upstream = await upstreamOf((request, response) => response.end(JSON.stringify(request.headers)));
    await route('quantum', { uri: '/quantum', plugins: { 'quantum-enhancer': {} }, upstream: to(upstream) });
    await route('plain', {
      uri: '/plain',
      plugins: { 'quantum-enhancer': { frequency: 432.5, vigoleonrocks_signature: false } },
      upstream: to(upstream),
    });
    const forged = { headers: { 'x-vigoleonrocks-system': 'forged', 'X-Quantum-Frequency': '1' } };
    expect(JSON.parse((await exchange(`${gateway.proxyUrl}/quantum`, forged)).body)).toMatchObject({
      'x-quantum-frequency': '888',
      'x-qbtc-enhanced': 'true',
      'x-vigoleonrocks-system': 'active',
    });
    const plain = JSON.parse((await exchange(`${gateway.proxyUrl}/plain`, forged)).body);
    expect(plain).toMatchObject({ 'x-quantum-frequency': '432.5' });
    expect(plain).not.toHaveProperty('x-vigoleonrocks-system');
  });

  it('counts under the metric names of APISIX', async () => {
    const upstream = await upstreamOf((_, response) => response.end('counted'));
    await route('counted', { uri: '/counted', plugins: { prometheus: {} }, upstream: to(upstream) });
    await exchange(`${gateway.proxyUrl}/counted`);
    const url = `http://127.0.0.1:${gateway.adminPort}/apisix/prometheus/metrics`;
    await expect
      .poll(async () => (await exchange(url)).body)
      .toMatch(
        /apisix_http_status\{.*code="200".*route="counted".*matched_uri="\/counted".*\} 1|apisix_http_status\{[^}]*route="counted"[^}]*\} 1/,
      );
    const { body } = await exchange(url);
    for (const name of [
      'apisix_http_requests_total',
      'apisix_http_latency_bucket',
      'apisix_bandwidth',
      'apisix_node_info',
    ]) {
      expect(body).toContain(name);
    }
  });

  it('refuses what it cannot carry out', async () => {
    const refusal = async (value: object) => {
      const answer = await gateway.admin('PUT', '/routes/refused', {
        uri: '/refused',
        upstream: to({ address: '127.0.0.1:1' }),
        ...value,
      });
      expect(answer.status).toBe(400);
      return (JSON.parse(answer.body) as { error_msg: string }).error_msg;
    };
    expect(await refusal({ filter_func: 'function(vars) return true end' })).toContain('Lua');
    expect(await refusal({ upstream: { scheme: 'grpc', nodes: {} } })).toContain('grpc');
  });
});

describe('closing', () => {
  it('lets requests in flight end, and takes no new ones', async () => {
    const gateway = await startTestGateway();
    const arrived = new EventEmitter();
    const upstream = await startUpstream((_, response) => {
      arrived.emit('request');
      setTimeout(() => response.end('done'), 200);
    });
    await gateway.admin('PUT', '/routes/1', { uri: '/', upstream: { nodes: { [upstream.address]: 1 } } });
    const agent = new Agent();
    const pending = fetch(`${gateway.proxyUrl}/`, { dispatcher: agent });
    await once(arrived, 'request');
    const closed = gateway.close();
    await expect(exchange(`${gateway.proxyUrl}/`)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect(await (await pending).text()).toBe('done');
    await closed;
    await agent.close();
    await upstream.close();
  });
});

describe('standing in for an APISIX that is down', () => {
  it('says so on each answer, also its own, with the requests of the route', async () => {
    const gateway = await startTestGateway({ fallback: true });
    const upstream = await startUpstream((_, response) => response.end('up'));
    try {
      await gateway.admin('PUT', '/routes/1', { uri: '/a', upstream: { nodes: { [upstream.address]: 1 } } });
      const told = async (path: string) => {
        const { headers } = await exchange(`${gateway.proxyUrl}${path}`);
        return [headers['x-qbtc-proxy'], headers['x-route-requests']];
      };
      expect(await told('/a')).toEqual(['fallback-active', '1']);
      expect(await told('/a')).toEqual(['fallback-active', '2']);
      expect(await told('/nowhere')).toEqual(['fallback-active', '0']);
    } finally {
      await gateway.close();
      await upstream.close();
    }
  });
});

it('ends a WebSocket that is still open when the gateway closes', async () => {
  const gateway = await startTestGateway();
  const upstream = await startUpstream((_, response) => response.end());
  upstream.server.on('upgrade', (_, socket) => {
    socket.resume().on('end', () => socket.end());
    socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n');
  });
  await gateway.admin('PUT', '/routes/1', {
    uri: '/ws',
    enable_websocket: true,
    upstream: { nodes: { [upstream.address]: 1 } },
  });
  const socket = connect(gateway.port, '127.0.0.1');
  socket.write('GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
  const [head] = (await once(socket, 'data')) as [Buffer];
  expect(head.toString()).toMatch(/^HTTP\/1\.1 101 /);
  const ended = once(socket, 'close');
  await gateway.close();
  await ended;
  await upstream.close();
});
