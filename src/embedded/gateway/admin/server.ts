import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { messageOf } from '../../../errors.ts';
import { normalisePath } from '../../../matching/normal-path.ts';
import type { Log } from '../../program.ts';
import { type Answer, HTML, render } from '../answer.ts';
import type { TrafficMetrics } from '../metrics.ts';
import { SERVER } from '../server-name.ts';
import { type ReadBody, readBody } from './request-body.ts';
import type { AdminAnswer, AdminRouter } from './router.ts';
import type { Standalone } from './standalone.ts';

export interface AdminServerOptions {
  key: string;
  router: AdminRouter;
  /** Takes the place of the resources where the gateway is told all at once. */
  standalone?: Standalone;
  metrics: TrafficMetrics;
  log: Log;
  /** False while the gateway drains. */
  ready(): boolean;
}

const PREFIX = '/apisix/admin/';
const JSON_TYPE = 'application/json';
const METHODS = ['GET', 'PUT', 'POST', 'DELETE', 'PATCH'] as const;

const CORS = {
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Allow-Credentials': 'true',
  'Access-Control-Expose-Headers': '*',
  'Access-Control-Max-Age': '3600',
};
const PREFLIGHT = {
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Allow-Methods': 'POST, GET, PUT, OPTIONS, DELETE, PATCH',
  'Access-Control-Max-Age': '3600',
  'Access-Control-Allow-Headers': '*',
  'Access-Control-Allow-Credentials': 'true',
};

/**
 * The HTTP side of the Admin API. On the same port stand what APISIX has on ports of their own:
 * `/status`, `/status/ready` (7085) and `/apisix/prometheus/metrics` (9091).
 */
export function createAdminServer(options: AdminServerOptions): Server {
  return createServer((request, response) => {
    respond(options, request, response).catch((error) => {
      options.log('error', `the Admin API failed: ${messageOf(error)}`, { url: request.url });
      if (response.headersSent) response.destroy();
      else send(response, { status: 500 });
    });
  });
}

async function respond(options: AdminServerOptions, request: IncomingMessage, response: ServerResponse) {
  const [rawPath, rawQuery] = splitOnce(request.url ?? '/', '?');
  const path = normalisePath(rawPath);
  const query = new URLSearchParams(rawQuery);
  const method = request.method ?? 'GET';
  if (method === 'TRACE') {
    return send(response, { status: 405, headers: { Connection: 'close' } });
  }
  if (path.startsWith(PREFIX)) {
    if (method === 'OPTIONS') return send(response, { status: 200, headers: PREFLIGHT });
    if (isMethod(method))
      return sendAdmin(response, await adminAnswer(options, request, method, path, query));
  }
  if (method === 'GET') {
    if (path === '/status') return send(response, { status: 200, body: { status: 'ok' } });
    if (path === '/status/ready') {
      return options.ready()
        ? send(response, { status: 200, body: { status: 'ok' } })
        : send(response, { status: 503, body: { status: 'error', error: 'the gateway is ending' } });
    }
    if (path === '/apisix/prometheus/metrics') {
      return send(response, { status: 200, body: await options.metrics.registry.metrics() });
    }
  }
  return send(response, { status: 404, contentType: HTML, headers: path.startsWith(PREFIX) ? CORS : {} });
}

function splitOnce(text: string, separator: string): [string, string] {
  const place = text.indexOf(separator);
  return place === -1 ? [text, ''] : [text.slice(0, place), text.slice(place + 1)];
}

const isMethod = (method: string): method is (typeof METHODS)[number] =>
  METHODS.some((each) => each === method);

async function adminAnswer(
  { key, router, standalone, log }: AdminServerOptions,
  request: IncomingMessage,
  method: (typeof METHODS)[number],
  path: string,
  query: URLSearchParams,
): Promise<AdminAnswer> {
  const refused = refusal(key, tokenOf(request, query));
  if (refused !== undefined) {
    return {
      status: 401,
      body: { error_msg: 'failed to check token', description: refused },
      versioned: false,
    };
  }
  try {
    const name = path.slice(PREFIX.length).replace(/\/$/, '');
    if (standalone !== undefined) {
      const digest = request.headers['x-digest'];
      const answer = await standaloneAnswer(standalone, method, name, digest, () => readBody(request));
      return { ...answer, versioned: false };
    }
    return await router.answer({
      method,
      path: name,
      query,
      readBody: () => readBody(request),
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error;
    log('error', `a change could not be written: ${messageOf(error)}`);
    return { status: 503, body: { error_msg: `could not be written: ${messageOf(error)}` }, versioned: true };
  }
}

async function standaloneAnswer(
  standalone: Standalone,
  method: string,
  path: string,
  digest: string | string[] | undefined,
  read: () => Promise<ReadBody>,
): Promise<Answer> {
  if (path !== 'configs' || (method !== 'GET' && method !== 'PUT')) return { status: 404, contentType: HTML };
  if (method === 'GET') return standalone.get();
  return standalone.put(typeof digest === 'string' ? digest : undefined, read);
}

/** APISIX takes the key from the query, the header or a cookie, in this order. */
function tokenOf(request: IncomingMessage, query: URLSearchParams): string | undefined {
  const header = request.headers['x-api-key'];
  const cookie = /(?:^|;\s*)x_api_key=([^;]*)/.exec(request.headers.cookie ?? '')?.[1];
  return query.get('api_key') ?? (typeof header === 'string' ? header : undefined) ?? cookie;
}

function refusal(key: string, token: string | undefined): string | undefined {
  if (token === undefined || token === '') return 'missing apikey';
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(key), digest(token)) ? undefined : 'wrong apikey';
}

function sendAdmin(response: ServerResponse, answer: AdminAnswer): void {
  const headers = { ...CORS, ...(answer.versioned ? { 'X-API-VERSION': 'v3' } : {}), ...answer.headers };
  send(response, { ...answer, contentType: answer.contentType ?? JSON_TYPE, headers });
}

function send(response: ServerResponse, answer: Answer): void {
  const { body, contentType } = render(answer);
  response.writeHead(answer.status, {
    'Content-Type': contentType,
    'Content-Length': Buffer.byteLength(body),
    Server: SERVER,
    // A body that was refused before its end is still on its way.
    ...(response.req.complete || response.req.method === 'GET' ? {} : { Connection: 'close' }),
    ...answer.headers,
  });
  response.end(body);
}
