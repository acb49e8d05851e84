import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fastifyHttpProxy from '@fastify/http-proxy';
import autocannon from 'autocannon';
import fastProxy from 'fast-proxy';
import Fastify from 'fastify';
import httpProxy from 'http-proxy';
import { Pool } from 'undici';
import type { Exchange } from '../src/embedded/gateway/exchange.ts';
import { Matcher } from '../src/matching/matcher.ts';
import { freePorts } from '../test/support/ports.ts';
import { CHECKOUT } from './support.ts';

// Requests a second through the embedded gateway, beside http-proxy, @fastify/http-proxy, fast-proxy, a bare handler on
// node:http with undici's dispatch, and nginx where it is installed. Every proxy is a process of its own; rounds take turns, so that a machine that slows down slows all.
const ROUNDS = 3;
const SECONDS = 2;
const CONNECTIONS = 32;
const BODY = Buffer.alloc(1024, 'x');
const ADMIN_KEY = 'bench-only';
const ROLE_VARIABLE = 'BENCH_GATEWAY_ROLE';

interface Started {
  port: number;
}

/** What a child of this benchmark runs; it says its port on stdout and ends with its stdin. */
const ROLES: Record<string, (upstream: string) => Promise<Started>> = {
  upstream: () => listen((_, response) => response.end(BODY)),
  'http-proxy': (upstream) => {
    const proxy = httpProxy.createProxyServer({
      target: `http://${upstream}`,
      agent: new Agent({ keepAlive: true, maxSockets: 256 }),
    });
    return listen((request, response) => proxy.web(request, response));
  },
  '@fastify/http-proxy': async (upstream) => {
    const app = Fastify({ logger: false });
    await app.register(fastifyHttpProxy, { upstream: `http://${upstream}`, undici: { connections: 256 } });
    await app.listen({ host: '127.0.0.1', port: 0 });
    return { port: (app.server.address() as AddressInfo).port };
  },
  'fast-proxy': (upstream) => {
    const { proxy } = fastProxy({ base: `http://${upstream}`, undici: { connections: 256 } });
    return listen((request, response) => proxy(request, response, request.url ?? '/', {}));
  },
  'bare undici': (upstream) => {
    const pool = new Pool(`http://${upstream}`, { pipelining: 1 });
    return listen((request, response) => {
      pool.dispatch(
        {
          path: request.url ?? '/',
          method: request.method as 'GET',
          headers: request.rawHeaders.filter((_, i, all) => all[i - (i % 2)]?.toLowerCase() !== 'connection'),
          body: null,
        },
        {
          onRequestStart() {},
          onResponseStart(_, status, headers) {
            delete headers.connection;
            delete headers['keep-alive'];
            response.writeHead(status, headers);
          },
          onResponseData: (_, chunk) => void response.write(chunk),
          onResponseEnd: () => void response.end(),
          onResponseError: () => void response.destroy(),
        },
      );
    });
  },
};

function listen(listener: RequestListener): Promise<Started> {
  const server = createServer(listener);
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve({ port: (server.address() as AddressInfo).port }));
  });
}

async function start(role: string, upstream = ''): Promise<Started & { stop(): void }> {
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url)], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, [ROLE_VARIABLE]: JSON.stringify({ role, upstream }) },
  });
  const next = () =>
    new Promise<string>((resolve) => child.stdout.once('data', (line: Buffer) => resolve(String(line))));
  const started = JSON.parse(await next()) as Started;
  return {
    ...started,
    stop: () => child.stdin.end(),
  };
}

async function runRole({ role, upstream }: { role: string; upstream: string }): Promise<void> {
  process.stdout.write(JSON.stringify(await ROLES[role]?.(upstream)));
  process.stdin.resume();
  process.stdin.on('end', () => process.kill(process.pid, 'SIGKILL'));
}

interface Load {
  perSecond: number;
  p99: number;
}

async function load(
  port: number,
  path: string,
  headers: Record<string, string>,
  seconds = SECONDS,
  connections = CONNECTIONS,
): Promise<Load> {
  const url = `http://127.0.0.1:${port}${path}`;
  const result = await autocannon({ url, headers, connections, duration: seconds });
  const failed = result.non2xx + result.errors + result.timeouts;
  if (failed > 0) throw new Error(`${failed} requests to ${url} failed`);
  return { perSecond: result['2xx'] / result.duration, p99: result.latency.p99 };
}

/** The embedded gateway as `up` starts it. */
async function startGateway() {
  const [port = 0, adminPort = 0] = await freePorts(2);
  const configuration = { host: '127.0.0.1', port, adminPort, adminKey: ADMIN_KEY };
  const child = spawn(process.execPath, [join(CHECKOUT, 'dist', 'src', 'embedded', 'gateway', 'main.js')], {
    stdio: 'ignore',
    env: { ...process.env, QBTC_EMBEDDED: JSON.stringify(configuration) },
  });
  await answers(`http://127.0.0.1:${adminPort}/status`);
  return {
    port,
    adminPort,
    /** Bytes resident. */
    memory(): number {
      const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
      return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) * 1024;
    },
    stop: () => void child.kill('SIGTERM'),
  };
}

async function answers(url: string): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    const up = await fetch(url).then(
      (response) => response.ok,
      () => false,
    );
    if (up) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`${url} does not answer`);
}

/** nginx as a plain reverse proxy with one worker, where it is installed. */
async function startNginx(upstream: string): Promise<{ port: number; stop(): void } | undefined> {
  if (!existsSync('/usr/sbin/nginx')) return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'qbtc-bench-nginx-'));
  const [port = 0] = await freePorts(1);
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (each) => `${each}_temp_path ${folder}/${each};`,
  );
  writeFileSync(
    join(folder, 'nginx.conf'),
    `daemon off; worker_processes 1; pid ${folder}/pid; error_log ${folder}/error.log;
     events { worker_connections 1024; }
     http { access_log off; ${temporary.join(' ')}
       upstream u { server ${upstream}; keepalive 256; }
       server { listen 127.0.0.1:${port}; location / { proxy_pass http://u; proxy_http_version 1.1; proxy_set_header Connection ''; } } }`,
  );
  const child = spawn('/usr/sbin/nginx', ['-p', folder, '-c', join(folder, 'nginx.conf')], {
    stdio: 'ignore',
  });
  await answers(`http://127.0.0.1:${port}/`);
  return {
    port,
    stop() {
      child.kill('SIGTERM');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

async function main(): Promise<void> {
  const upstream = await start('upstream');
  const address = `127.0.0.1:${upstream.port}`;
  const names = ['http-proxy', '@fastify/http-proxy', 'fast-proxy', 'bare undici'];
  const peers = await Promise.all(names.map((name) => start(name, address)));
  const nginx = await startNginx(address);
  const gateway = await startGateway();
  const put = async (path: string, body: object) => {
    const response = await fetch(`http://127.0.0.1:${gateway.adminPort}/apisix/admin${path}`, {
      method: 'PUT',
      headers: { 'X-API-KEY': ADMIN_KEY },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(await response.text());
  };
  const nodes = { nodes: { [address]: 1 } };
  await put('/routes/plain', { uri: '/plain', upstream: nodes });
  await put('/consumers', { username: 'bench', plugins: { 'key-auth': { key: 'bench' } } });
  await put('/routes/guarded', {
    uri: '/guarded',
    plugins: { 'key-auth': {}, 'limit-count': { count: 1e9, time_window: 60, key: 'consumer_name' } },
    upstream: nodes,
  });

  const targets: { name: string; port: number; path: string; headers: Record<string, string> }[] = [
    ...names.map((name, index) => ({ name, port: peers[index]?.port ?? 0, path: '/', headers: {} })),
    ...(nginx === undefined ? [] : [{ name: 'nginx', port: nginx.port, path: '/', headers: {} }]),
    { name: 'gateway, plain route', port: gateway.port, path: '/plain', headers: {} },
    {
      name: 'gateway, key-auth + limit-count',
      port: gateway.port,
      path: '/guarded',
      headers: { apikey: 'bench' },
    },
  ];
  try {
    for (const { port, path, headers } of targets) await load(port, path, headers, 1);
    const rounds = new Map<string, Load[]>(targets.map(({ name }) => [name, []]));
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const { name, port, path, headers } of targets)
        rounds.get(name)?.push(await load(port, path, headers));
    }
    const base = rounds.get('http-proxy') ?? [];
    process.stdout.write(`${''.padEnd(34)}requests/s   ratio   p99 ms\n`);
    for (const [name, loads] of rounds) {
      const ratio = median(
        loads.map(({ perSecond }, round) => perSecond / (base[round]?.perSecond ?? perSecond)),
      );
      process.stdout.write(
        `${name.padEnd(34)}${median(loads.map((each) => each.perSecond))
          .toFixed(0)
          .padStart(10)}` +
          `${ratio.toFixed(2).padStart(8)}${String(median(loads.map((each) => each.p99))).padStart(9)}\n`,
      );
    }
    process.stdout.write(
      `ratios to http-proxy, median of ${ROUNDS} rounds of ${SECONDS} s, ${CONNECTIONS} connections, 1 KB bodies; ` +
        `the gateway holds ${(gateway.memory() / 1e6).toFixed(0)} MB\n`,
    );
    await load(gateway.port, '/plain', {}, SECONDS, 256);
    process.stdout.write(`at 256 connections it holds ${(gateway.memory() / 1e6).toFixed(0)} MB\n`);
    const [few, many] = [matching(10), matching(10_000)];
    process.stdout.write(
      `matching: ${few.toFixed(2)} us among 10 routes, ${many.toFixed(2)} us among 10,000, ` +
        `ratio ${(many / few).toFixed(2)}\n`,
    );
  } finally {
    for (const each of [gateway, ...peers, upstream]) each.stop();
    nginx?.stop();
  }
}

/** What one match costs among few and among many routes, in microseconds. */
function matching(routes: number): number {
  const matcher = new Matcher<number>();
  for (let i = 0; i < routes; i += 1) {
    const uri = [`/service-${i}/exact`, `/service-${i}/*`, `/service-${i}/items/:id`][i % 3];
    matcher.set(String(i), { uri }, i % 5 === 0 ? [`host-${i % 50}.example`] : undefined, i);
  }
  // The same requests in both cases: those of the first ten routes, and a tenth of them of any.
  const asked = Array.from({ length: 1000 }, (_, i) => {
    const route = i % 10 === 0 ? (i * 7919) % routes : (i * 7) % 10;
    const path = [`/service-${route}/exact`, `/service-${route}/a/b`, `/service-${route}/items/7`][route % 3];
    return {
      host: `host-${route % 50}.example`,
      path,
      method: 'GET',
      remoteAddress: '127.0.0.1',
    } as Exchange;
  });
  const once = () => {
    const before = performance.now();
    for (let i = 0; i < 200; i += 1) for (const exchange of asked) matcher.find(exchange);
    return ((performance.now() - before) / (200 * asked.length)) * 1000;
  };
  once();
  return median([once(), once(), once()]);
}

const role = process.env[ROLE_VARIABLE];
await (role === undefined ? main() : runRole(JSON.parse(role) as { role: string; upstream: string }));
