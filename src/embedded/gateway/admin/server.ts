import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { messageOf } from '../../../errors.ts';
import { normalisePath } from '../../../matching/normal-path.ts';
import type { Log } from '../../program.ts';
import { type Answer, HTML, render } from '../answer.ts';
import { SERVER } from '../server-name.ts';
import { unavailable } from '../unavailable.ts';
import { decodeJson, decodeYaml, readBody } from './request-body.ts';
import type { AdminAnswer, AdminRouter } from './router.ts';
import type { Standalone } from './standalone.ts';

export interface AdminServerOptions {
  key: string;
  router: AdminRouter;
  /** Takes the place of the resources where the gateway is told all at once. */
  standalone?: Standalone;
  log: Log;
  /** Gives the metrics in the form of Prometheus. */
  metrics(): Promise<string>;
  state(): GatewayState;
  /** Resolves when what the resources are now holds for each request that comes; left out, it does at once. */
  inForce?(): Promise<void>;
}

/** What `/status` and `/status/ready` tell. */
export interface GatewayState {
  draining: boolean;
  /** Where others than this process serve requests: how many do, and are to. */
  workers?: { living: number; of: number };
}

const ROOT = '/apisix/admin';
const PREFIX = `${ROOT}/`;
/** APISIX serves its control API on a port of its own (9090). */
const CONTROL = '/v1/';
const JSON_TYPE = 'application/json';
const YAML_TYPE = 'application/yaml';
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
  if (path === undefined) return send(response, { status: 400 });
  const query = new URLSearchParams(rawQuery);
  const method = request.method ?? 'GET';
  if (method === 'TRACE') {
    return send(response, { status: 405, headers: { Connection: 'close' } });
  }
  if (path.startsWith(PREFIX)) {
    if (method === 'OPTIONS') return send(response, { status: 200, headers: PREFLIGHT });
    if (isMethod(method) || (method === 'HEAD' && options.standalone !== undefined))
      return sendAdmin(response, await adminAnswer(options, request, method, path, query));
  }
  if (method === 'HEAD' && path === ROOT) return send(response, { status: 200 });
  if (path.startsWith(CONTROL)) {
    return send(response, { status: 404, body: { error_msg: unavailable('the control API (/v1)') } });
  }
  if (method === 'GET') {
    if (path === '/status') return send(response, statusOf(options.state()));
    if (path === '/status/ready') return send(response, readinessOf(options.state()));
    if (path === '/apisix/prometheus/metrics') {
      return send(response, { status: 200, body: await options.metrics() });
    }
  }
  return send(response, { status: 404, contentType: HTML, headers: path.startsWith(PREFIX) ? CORS : {} });
}

function statusOf({ workers }: GatewayState): Answer {
  return { status: 200, body: { status: 'ok', ...(workers === undefined ? {} : { workers }) } };
}

/** A gateway of several processes is ready while one of them serves: the others are being replaced. */
function readinessOf(state: GatewayState): Answer {
  const error = state.draining
    ? 'the gateway is ending'
    : state.workers?.living === 0
      ? `worker count: ${state.workers.of} but status report count: 0`
      : undefined;
  return error === undefined ? statusOf(state) : { status: 503, body: { status: 'error', error } };
}

function splitOnce(text: string, separator: string): [string, string] {
  const place = text.indexOf(separator);
  return place === -1 ? [text, ''] : [text.slice(0, place), text.slice(place + 1)];
}

const isMethod = (method: string): method is (typeof METHODS)[number] =>
  METHODS.some((each) => each === method);

async function adminAnswer(
  { key, router, standalone, log, inForce }: AdminServerOptions,
  request: IncomingMessage,
  method: (typeof METHODS)[number] | 'HEAD',
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
    if (standalone !== undefined || method === 'HEAD') {
      const answer = await standaloneAnswer(standalone, request, method, name);
      if (method === 'PUT') await inForce?.();
      return { ...answer, versioned: false };
    }
    const answer = await router.answer({ method, path: name, query, readBody: () => readBody(request) });
    if (method !== 'GET') await inForce?.();
    return answer;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error;
    log('error', `a change could not be written: ${messageOf(error)}`);
    return { status: 503, body: { error_msg: `could not be written: ${messageOf(error)}` }, versioned: true };
  }
}

async function standaloneAnswer(
  standalone: Standalone | undefined,
  request: IncomingMessage,
  method: string,
  path: string,
): Promise<Answer> {
  const { accept = '', 'content-type': type = '', 'x-digest': digest } = request.headers;
  if (path === 'configs' && method === 'GET' && standalone !== undefined)
    return standalone.get(accept.startsWith(YAML_TYPE));
  if (path === 'configs' && method === 'HEAD' && standalone !== undefined) return standalone.head();
  if (path !== 'configs' || method !== 'PUT' || standalone === undefined)
    return { status: 404, contentType: HTML };
  const decode = type.startsWith(YAML_TYPE) ? decodeYaml : decodeJson;
  return standalone.put(typeof digest === 'string' ? digest : undefined, () => readBody(request), decode);
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
