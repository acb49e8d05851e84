import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { isRecord } from '../../../record.ts';
import type { Log } from '../../program.ts';
import type { Account } from '../access/accounts.ts';
import { AmqpError } from '../errors.ts';
import type { BrokerState } from '../state.ts';
import { assertMayOpen, assertRole } from './access.ts';
import { bindings } from './bindings.ts';
import { channels } from './channels.ts';
import { connections } from './connections.ts';
import { consumers } from './consumers.ts';
import { definitions } from './definitions.ts';
import { exchanges } from './exchanges.ts';
import { health } from './health.ts';
import { messages } from './messages.ts';
import { nodes } from './nodes.ts';
import { overview } from './overview.ts';
import { parameters } from './parameters.ts';
import { permissions } from './permissions.ts';
import { policies } from './policies.ts';
import { queues } from './queues.ts';
import { urlOf } from './request-url.ts';
import {
  type Answer,
  badRequest,
  ManagementError,
  type MethodName,
  objectNotFound,
  type Request,
  type Resource,
} from './resource.ts';
import { users } from './users.ts';
import { vhostLimits } from './vhost-limits.ts';
import { virtualHosts } from './virtual-hosts.ts';

const RESOURCES: readonly Resource[] = [
  ...overview,
  ...nodes,
  ...health,
  ...parameters,
  ...virtualHosts,
  ...vhostLimits,
  ...users,
  ...permissions,
  ...policies,
  ...definitions,
  ...connections,
  ...channels,
  ...consumers,
  ...exchanges,
  ...queues,
  ...bindings,
  ...messages,
];

const LARGEST_BODY_BYTES = 16 * 1024 * 1024;
const REALM = 'Basic realm="RabbitMQ Management"';

/** The part of RabbitMQ's management HTTP API that tools use: its paths, fields, status codes and error bodies. */
export function createManagement(state: BrokerState, log: Log): Server {
  return createServer((request, response) => {
    answer(state, log, request)
      .catch((thrown: unknown) => failure(thrown, log))
      .then((result) => send(request, response, result))
      .catch(() => response.destroy());
  });
}

async function answer(state: BrokerState, log: Log, request: IncomingMessage): Promise<Answer> {
  const login = logIn(state, request.headers.authorization);
  if ('refusal' in login) {
    request.resume();
    return login.refusal;
  }
  const { account } = login;
  const url = urlOf(request);
  // Cut before decoding: a slash inside a name is encoded.
  const found = url === undefined ? undefined : find(url.pathname);
  if (url === undefined || found === undefined) throw objectNotFound();
  const { resource, path } = found;
  const method = request.method === 'HEAD' ? 'GET' : request.method;
  const handle =
    method === 'GET' || method === 'PUT' || method === 'POST' || method === 'DELETE'
      ? resource[method]
      : undefined;
  const body = await readBody(request);
  if (handle === undefined) {
    const allowed = (['GET', 'PUT', 'POST', 'DELETE'] as const).filter(
      (name) => resource[name] !== undefined,
    );
    return { status: 405, headers: { allow: ['HEAD', ...allowed, 'OPTIONS'].join(', ') } };
  }
  const { role = 'management', roleToChange = role } = resource;
  assertRole(account, method === 'GET' ? role : roleToChange);
  const asked: Request = {
    state,
    log,
    account,
    method: method as MethodName,
    path,
    query: url.searchParams,
    headers: request.headers,
    body,
  };
  // Operators set up virtual hosts that they cannot use themselves.
  if (role !== 'administrator') assertMayOpen(asked);
  return handle(asked);
}

function logIn(
  { vhosts, counters }: BrokerState,
  header: string | undefined,
): { account: Account } | { refusal: Answer } {
  const headers = { 'www-authenticate': REALM };
  const [scheme, encoded] = header?.split(' ') ?? [];
  if (scheme?.toLowerCase() !== 'basic' || encoded === undefined)
    return { refusal: { status: 401, headers } };
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  const given = { user: text.slice(0, colon), password: text.slice(colon + 1) };
  const account = vhosts.accounts.find(given.user);
  const isRight = vhosts.accounts.isRight(given) && colon >= 0;
  counters[isRight ? 'loginsSucceeded' : 'loginsFailed'] += 1;
  if (isRight && account !== undefined) return { account };
  return {
    refusal: { status: 401, headers, body: { error: 'not_authorized', reason: 'Login failed' } },
  };
}

function find(pathname: string): { resource: Resource; path: Record<string, string> } | undefined {
  const segments = pathname.split('/');
  for (const resource of RESOURCES) {
    const path = match(resource.path.split('/'), segments);
    if (path !== undefined) return { resource, path };
  }
  return undefined;
}

function match(pattern: string[], segments: string[]): Record<string, string> | undefined {
  if (pattern.length !== segments.length) return undefined;
  const path: Record<string, string> = {};
  for (const [index, part] of pattern.entries()) {
    const segment = segments[index] ?? '';
    if (part.startsWith(':')) {
      const decoded = decode(segment);
      if (decoded === undefined || decoded === '') return undefined;
      path[part.slice(1)] = decoded;
    } else if (part !== segment) return undefined;
  }
  return path;
}

function decode(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}

async function readBody(request: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > LARGEST_BODY_BYTES) throw new ManagementError(413, 'bad_request', 'the body is too large');
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString('utf8');
  if (text === '' || text === 'null' || text === 'undefined') return {};
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw badRequest('not_json');
  }
  if (isRecord(json)) return json;
  throw badRequest('not_json');
}

/** What a thrown error is answered with. A refusal of the broker itself becomes what RabbitMQ makes of it. */
function failure(thrown: unknown, log: Log): Answer {
  if (thrown instanceof ManagementError) return thrown.answer;
  if (thrown instanceof AmqpError) {
    if (thrown.reply === 'NOT_FOUND')
      return { status: 404, body: { error: 'not_found', reason: thrown.explanation } };
    if (thrown.reply === 'ACCESS_REFUSED' || thrown.reply === 'NOT_ALLOWED')
      return { status: 401, body: { error: 'not_authorised', reason: 'Access refused.' } };
    if (thrown.reply === 'RESOURCE_ERROR')
      return { status: 503, body: { error: 'resource_error', reason: thrown.explanation } };
    return { status: 400, body: { error: 'bad_request', reason: thrown.explanation } };
  }
  log('error', 'management request failed', {
    error: thrown instanceof Error ? thrown.stack : String(thrown),
  });
  return { status: 500, body: { error: 'Internal Server Error', reason: 'Internal Server Error' } };
}

function send(request: IncomingMessage, response: ServerResponse, { status, body, headers }: Answer): void {
  const text = body === undefined ? '' : JSON.stringify(body);
  response.writeHead(status, {
    'cache-control': 'no-cache',
    ...(text === '' ? {} : { 'content-type': 'application/json' }),
    ...(status === 204 ? {} : { 'content-length': Buffer.byteLength(text) }),
    ...headers,
  });
  response.end(request.method === 'HEAD' || status === 204 ? undefined : text);
}
