import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fastifyHttpProxy from '@fastify/http-proxy';
import fastProxy from 'fast-proxy';
import Fastify from 'fastify';
import httpProxy from 'http-proxy';
import { Pool } from 'undici';
import { freePorts } from '../../test/support/ports.ts';
import { CHECKOUT } from '../support/stack.ts';
import { rawUpstream } from './raw.ts';

// The programs that the gateway is measured beside, and the gateway itself: each is a process of its own.
const BODY = Buffer.alloc(1024, 'x');
export const ADMIN_KEY = 'bench-only';
const ROLE_VARIABLE = 'BENCH_GATEWAY_ROLE';

/** A process that is measured. */
export interface Running {
  port: number;
  pid: number;
  stop(): void;
}

interface Started {
  port: number;
}

/** What a child of this benchmark runs; it says its port on stdout and ends with its stdin. */
const ROLES: Record<string, (upstream: string) => Promise<Started>> = {
  upstream: () => listen((_, response) => response.end(BODY)),
  'raw upstream': () => rawUpstream(BODY),
  sink: () =>
    listen((request, response) => {
      request.resume().once('end', () => response.end());
    }),
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

/** Starts a role of `ROLES`, which forwards to the upstream if it forwards. */
export async function start(role: string, upstream = ''): Promise<Running> {
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url)], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, [ROLE_VARIABLE]: JSON.stringify({ role, upstream }) },
  });
  const next = () =>
    new Promise<string>((resolve) => child.stdout.once('data', (line: Buffer) => resolve(String(line))));
  const started = JSON.parse(await next()) as Started;
  return {
    ...started,
    pid: child.pid as number,
    stop: () => child.stdin.end(),
  };
}

/** True when this process is one of those that `start` starts; it is that then. */
export async function playsRole(): Promise<boolean> {
  const text = process.env[ROLE_VARIABLE];
  if (text === undefined) return false;
  const { role, upstream } = JSON.parse(text) as { role: string; upstream: string };
  process.stdout.write(JSON.stringify(await ROLES[role]?.(upstream)));
  process.stdin.resume();
  process.stdin.on('end', () => process.kill(process.pid, 'SIGKILL'));
  return true;
}

/** The embedded gateway as `up` starts it. */
export async function startGateway(
  workers = 1,
): Promise<Running & { put(path: string, body: object): Promise<void> }> {
  const [port = 0, adminPort = 0] = await freePorts(2);
  const configuration = { host: '127.0.0.1', port, adminPort, adminKey: ADMIN_KEY, workers };
  const child = spawn(process.execPath, [join(CHECKOUT, 'dist', 'src', 'embedded', 'gateway', 'main.js')], {
    stdio: 'ignore',
    env: { ...process.env, QBTC_EMBEDDED: JSON.stringify(configuration) },
  });
  await answers(`http://127.0.0.1:${adminPort}/status`);
  return {
    port,
    pid: child.pid as number,
    async put(path, body) {
      const response = await fetch(`http://127.0.0.1:${adminPort}/apisix/admin${path}`, {
        method: 'PUT',
        headers: { 'X-API-KEY': ADMIN_KEY },
        body: JSON.stringify(body),
      });
      if (!response.ok) throw new Error(await response.text());
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
export function startNginx(upstream: string): Promise<Running | undefined> {
  const forwards = "proxy_pass http://u; proxy_http_version 1.1; proxy_set_header Connection '';";
  return nginxThat(forwards, `upstream u { server ${upstream}; keepalive 256; }`);
}

/** What answers with the least processor time: nginx by itself, where it is installed. */
export async function startLightUpstream(): Promise<Running> {
  return (await nginxThat(`return 200 "${BODY}";`)) ?? (await start('raw upstream'));
}

async function nginxThat(does: string, beside = ''): Promise<Running | undefined> {
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
     http { access_log off; keepalive_requests 1000000000; ${temporary.join(' ')}
       ${beside}
       server { listen 127.0.0.1:${port}; location / { ${does} } } }`,
  );
  const child = spawn('/usr/sbin/nginx', ['-p', folder, '-c', join(folder, 'nginx.conf')], {
    stdio: 'ignore',
  });
  await answers(`http://127.0.0.1:${port}/`);
  return {
    port,
    pid: child.pid as number,
    stop() {
      child.kill('SIGTERM');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
