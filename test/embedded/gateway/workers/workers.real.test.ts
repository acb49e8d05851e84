import { once } from 'node:events';
import { Agent, get, type ServerResponse } from 'node:http';
import { createServer } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { certificate } from '../../../support/certificate.ts';
import { exchange } from '../support/http.ts';
import { type GatewayProgram, startGatewayProgram } from '../support/program.ts';
import { startUpstream, type TestUpstream } from '../support/upstream.ts';

/** Resolves when it holds: long before any time of the gateway's own is over, which would have the same come about. */
async function until(holds: () => boolean | Promise<boolean>, ms = 15_000): Promise<void> {
  const deadline = performance.now() + ms;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`${holds} does not hold after ${ms} ms`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

function tally(values: readonly unknown[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const value of values) counts[String(value)] = (counts[String(value)] ?? 0) + 1;
  return counts;
}

const lives = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

let upstream: TestUpstream;
/** Answers that wait until they are let go. */
let held: ServerResponse[] = [];
let gateway: GatewayProgram;

const release = () => {
  for (const response of held) response.end('let go');
  held = [];
};
const statusOf = async (path: string) => (await exchange(gateway.proxyUrl + path)).status;
const nodes = () => ({ nodes: { [upstream.address]: 1 } });
const metrics = () => gateway.told('/apisix/prometheus/metrics');

/**
 * Resolves when each worker knows what another has said. Messages between processes keep their order: with its metrics,
 * the primary has what a worker has said before, and sends it on; with the metrics after that, the others have it.
 */
async function allKnow(): Promise<void> {
  await metrics();
  await metrics();
}

/** Resolves when no worker has a connection, and the primary knows it: it is told up to 50 ms later. */
async function noneConnected(): Promise<void> {
  await until(async () =>
    /^apisix_nginx_http_current_connections\{state="active"\} 0$/m.test(await metrics()),
  );
  await new Promise((resolve) => setTimeout(resolve, 60));
  await allKnow();
}

beforeAll(async () => {
  upstream = await startUpstream((request, response) => {
    if (request.url === '/held') held.push(response);
    else if (request.url === '/broken') response.writeHead(500).end();
    else response.end(request.url);
  });
  gateway = await startGatewayProgram({ workers: 2, tlsPort: 0 });
});
afterAll(async () => {
  await gateway.kill();
  await upstream.close();
});

describe('a gateway of two workers', () => {
  it('has a change in force at all of them when it is answered', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 8 });
    const kept = () =>
      new Promise<string>((resolve, reject) => {
        get(`${gateway.proxyUrl}/version`, { agent }, (response) => {
          response.setEncoding('utf8').on('data', resolve);
        }).on('error', reject);
      });
    for (let version = 1; version <= 20; version++) {
      const route = {
        uri: '/version',
        plugins: { 'proxy-rewrite': { uri: `/${version}` } },
        upstream: nodes(),
      };
      expect((await gateway.admin('PUT', '/routes/version', route)).status).toBe(version === 1 ? 201 : 200);
      const [fresh, again] = await Promise.all([
        Promise.all(
          Array.from({ length: 100 }, () => exchange(`${gateway.proxyUrl}/version`).then(({ body }) => body)),
        ),
        Promise.all(Array.from({ length: 16 }, kept)),
      ]);
      expect(tally(fresh)).toEqual({ [`/${version}`]: 100 });
      expect(tally(again)).toEqual({ [`/${version}`]: 16 });
    }
    agent.destroy();
    expect((await gateway.admin('DELETE', '/routes/version')).status).toBe(200);
    expect(tally(await Promise.all(Array.from({ length: 20 }, () => statusOf('/version'))))).toEqual({
      404: 20,
    });
  });

  it('counts requests once, whoever serves them', async () => {
    const limit = { count: 50, time_window: 60, key: 'remote_addr' };
    await gateway.admin('PUT', '/routes/limited', {
      uri: '/limited',
      plugins: { 'limit-count': limit },
      upstream: nodes(),
    });
    const agent = new Agent({ keepAlive: true, maxSockets: 40 });
    const asked = Array.from(
      { length: 200 },
      () =>
        new Promise((resolve, reject) => {
          get(`${gateway.proxyUrl}/limited`, { agent }, (response) => {
            response.resume();
            response.once('end', () => resolve(response.statusCode));
          }).on('error', reject);
        }),
    );
    expect(tally(await Promise.all(asked))).toEqual({ 200: 50, 503: 150 });
    agent.destroy();
  });

  it('leaves a node out everywhere when one of them has found it down', async () => {
    const closed = createServer().listen(0, '127.0.0.1');
    await once(closed, 'listening');
    const { port } = closed.address() as { port: number };
    closed.close();
    await gateway.admin('PUT', '/routes/checked', {
      uri: '/checked',
      upstream: {
        nodes: { [upstream.address]: 1, [`127.0.0.1:${port}`]: 1 },
        retries: 0,
        checks: {
          active: { type: 'tcp', healthy: { interval: 60 }, unhealthy: { interval: 60 } },
          passive: { unhealthy: { tcp_failures: 1 } },
        },
      },
    });
    await until(async () => (await statusOf('/checked')) === 502);
    await allKnow();
    const statuses = await Promise.all(Array.from({ length: 40 }, () => statusOf('/checked')));
    expect(tally(statuses)).toEqual({ 200: 40 });
    expect(await metrics()).toContain(
      `apisix_upstream_status{name="/apisix/routes/checked",ip="127.0.0.1",port="${port}"} 0`,
    );
  });

  it('breaks a circuit for all when some have seen failures', async () => {
    await gateway.admin('PUT', '/routes/broken', {
      uri: '/broken',
      plugins: {
        'api-breaker': { break_response_code: 599, unhealthy: { http_statuses: [500], failures: 4 } },
      },
      upstream: nodes(),
    });
    for (let i = 0; i < 4; i++) expect(await statusOf('/broken')).toBe(500);
    await allKnow();
    const statuses = await Promise.all(Array.from({ length: 20 }, () => statusOf('/broken')));
    expect(tally(statuses)).toEqual({ 599: 20 });
  });

  it('goes on with a TLS session at whichever of them', async () => {
    const { cert, key } = await certificate('workers.example');
    await gateway.admin('PUT', '/ssls/one', { sni: 'workers.example', cert, key });
    let session: Buffer | undefined;
    const reused: boolean[] = [];
    for (let i = 0; i < 6; i++) {
      const socket: TLSSocket = connect({
        ...{ port: gateway.tlsPort, host: '127.0.0.1', servername: 'workers.example' },
        ...{ rejectUnauthorized: false, maxVersion: 'TLSv1.2', session },
      });
      await once(socket, 'secureConnect');
      reused.push(socket.isSessionReused());
      session = socket.getSession();
      socket.write('GET /nowhere HTTP/1.1\r\nHost: workers.example\r\nConnection: close\r\n\r\n');
      const [answer] = (await once(socket, 'data')) as [Buffer];
      expect(String(answer)).toContain('404 Not Found');
      socket.destroy();
    }
    expect(reused).toEqual([false, true, true, true, true, true]);
  });

  it('adds up what its workers count, and says how many there are', async () => {
    const total = async () => Number(/^apisix_http_requests_total (\d+)$/m.exec(await metrics())?.[1]);
    const before = await total();
    await Promise.all(Array.from({ length: 30 }, () => statusOf('/nowhere')));
    expect(await total()).toBe(before + 30);
    expect(JSON.parse(await gateway.told('/status/ready'))).toEqual({
      status: 'ok',
      workers: { living: 2, of: 2 },
    });
  });

  it('loses with a worker that is killed what that held, and has another in its place', async () => {
    await gateway.admin('PUT', '/routes/held', { uri: '/held', upstream: nodes() });
    await gateway.admin('PUT', '/routes/plain', { uri: '/plain', upstream: nodes() });
    const before = await metrics();
    await noneConnected();
    const waiting = Array.from({ length: 8 }, () =>
      exchange(`${gateway.proxyUrl}/held`).then(
        ({ status }) => status,
        (error: NodeJS.ErrnoException) => error.code,
      ),
    );
    await until(() => held.length === 8);
    const [killed = 0, other = 0] = await gateway.workers();
    let killedAt = Number.POSITIVE_INFINITY;
    let ending = false;
    const early: unknown[] = [];
    const late: unknown[] = [];
    const clients = Array.from({ length: 8 }, async () => {
      while (!ending) {
        const since = performance.now();
        const outcome = await exchange(`${gateway.proxyUrl}/plain`).then(
          ({ status }) => status,
          (error: NodeJS.ErrnoException) => error.code,
        );
        (since > killedAt ? late : early).push(outcome);
      }
    });
    await until(() => early.length > 100);
    process.kill(killed, 'SIGKILL');
    killedAt = performance.now();
    await until(() => gateway.logged.some(({ message }) => message === 'a worker serves'));
    await until(() => late.length > 200);
    ending = true;
    await Promise.all(clients);
    release();
    const { 200: kept = 0, ECONNRESET: cut = 0 } = tally(await Promise.all(waiting));
    expect(kept + cut).toBe(8);
    // Each has about as many connections.
    expect(cut).toBeGreaterThanOrEqual(2);
    expect(kept).toBeGreaterThanOrEqual(2);
    expect(tally(late)).toEqual({ 200: late.length });
    const { 200: _, ECONNRESET: lost = 0, ...others } = tally(early);
    expect(others).toEqual({});
    expect(lost).toBeLessThanOrEqual(8);
    const now = await gateway.workers();
    expect(now).toHaveLength(2);
    expect(now).toContain(other);
    expect(gateway.logged).toContainEqual(
      expect.objectContaining({
        level: 'warn',
        message: 'a worker has ended: it was killed by SIGKILL',
        context: expect.objectContaining({ workerPid: killed }),
      }),
    );
    // Counts that were told once are not taken back.
    const counted = (text: string) => Number(/^apisix_http_requests_total (\d+)$/m.exec(text)?.[1]);
    const after = counted(await metrics());
    expect(after).toBeGreaterThanOrEqual(counted(before) + late.length);
  });

  it('lets requests in flight end on SIGTERM', async () => {
    const waiting = Array.from({ length: 6 }, () => exchange(`${gateway.proxyUrl}/held`));
    await until(() => held.length === 6);
    const workers = await gateway.workers();
    // As the supervisor does: to the whole group.
    for (const pid of [gateway.pid, ...workers]) process.kill(pid, 'SIGTERM');
    const exit = once(gateway.child, 'exit');
    await until(async () => (await statusOf('/plain').catch((error) => error.code)) === 'ECONNREFUSED');
    release();
    expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200]);
    expect(await exit).toEqual([0, null]);
    expect(workers.filter(lives)).toEqual([]);
  });
});

it('ends with its primary, whatever that ended of, and keeps no port', async () => {
  const killed = await startGatewayProgram({ workers: 2 });
  const workers = await killed.workers();
  expect(workers).toHaveLength(2);
  await killed.kill();
  await until(() => !workers.some(lives), 2_000);
  for (const port of [killed.port, killed.adminPort]) {
    const server = createServer().listen(port, '127.0.0.1');
    await once(server, 'listening');
    server.close();
  }
});
