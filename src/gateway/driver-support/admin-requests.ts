import type { Context, HttpResponse } from '../../context.ts';
import { messageOf, QbtcError } from '../../errors.ts';
import { isPassingNetworkError, PassingAnswer, retry } from '../../reconcile/retry.ts';
import { isRecord } from '../../record.ts';

export interface AdminApi {
  /** `http://127.0.0.1:9180`, without a path. */
  url: string;
  /** The key of the role admin, sent as `X-API-KEY`. */
  key: string;
}

/** Milliseconds for one operation with all its tries. */
const DEADLINE_MS = 10_000;
const TRIES = 3;
const PAUSE_MS = 100;

/** Requests to an Admin API: tried again where that can help, and their refusals in the gateway's own words. */
export function adminRequests(context: Pick<Context, 'http' | 'clock' | 'interrupted'>, api: AdminApi) {
  const { http, clock, interrupted } = context;
  let serverName: string | undefined;

  const send = async (
    method: string,
    path: string,
    body: unknown,
    more: Record<string, string>,
  ): Promise<HttpResponse> => {
    const headers: Record<string, string> = { 'x-api-key': api.key, ...more };
    if (body) headers['content-type'] = 'application/json';
    const attempt = async (timeoutMs: number) => {
      const response = await http(`${api.url}/apisix/admin${path}`, {
        method,
        headers,
        timeoutMs,
        signal: interrupted,
        ...(body ? { body: JSON.stringify(body) } : {}),
      });
      if (response.status === 503 || response.status === 429) throw new PassingAnswer(response);
      return response;
    };
    try {
      return await retry(attempt, {
        clock,
        deadlineMs: DEADLINE_MS,
        tries: TRIES,
        pauseMs: PAUSE_MS,
        canSucceed: (error) => error instanceof PassingAnswer || isPassingNetworkError(error),
        signal: interrupted,
      });
    } catch (error) {
      interrupted.throwIfAborted();
      if (error instanceof PassingAnswer) return error.response;
      throw unreachable(api, error);
    }
  };

  /** The JSON of an answer that is one of `expected`; any other becomes the error that it stands for. */
  const request = async (
    method: string,
    path: string,
    options: { body?: unknown; headers?: Record<string, string>; expected: number[] },
  ): Promise<{ status: number; json: Record<string, unknown> }> => {
    const response = await send(method, path, options.body, options.headers ?? {});
    serverName ??= response.headers.server;
    const json = parseObject(response.body) ?? emptyOf(response) ?? pageOf(response);
    // The port that takes requests says so; it has no Admin API.
    if (json === undefined || json.error_msg === '404 Route Not Found') throw notApisix(api, response);
    if (options.expected.includes(response.status)) return { status: response.status, json };
    if (response.status === 404 && json.error_msg === '404 Not Found') throw otherMode(api, path);
    throw refusal(api, response, json);
  };

  return { request, serverName: () => serverName };
}

function parseObject(body: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(body);
    // A few answers are a bare list.
    if (Array.isArray(value)) return { list: value };
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Some answers say all with their status (202 to a whole configuration). */
function emptyOf(response: HttpResponse): Record<string, unknown> | undefined {
  return response.body === '' && response.status >= 200 && response.status < 300 ? {} : undefined;
}

/** nginx answers for APISIX with pages of its own: 403 to addresses that may not come, 500 when its Lua failed. */
function pageOf(response: HttpResponse): Record<string, unknown> | undefined {
  const isApisix =
    response.headers.server?.startsWith('APISIX') || response.body.includes('apisix.apache.org');
  if (!isApisix || (response.status !== 403 && response.status !== 404 && response.status < 500))
    return undefined;
  return { error_msg: /<title>(.*?)<\/title>/.exec(response.body)?.[1] ?? `status ${response.status}` };
}

function unreachable(api: AdminApi, cause: unknown): QbtcError {
  return new QbtcError(
    'GATEWAY_UNREACHABLE',
    `the Admin API at ${api.url} cannot be reached: ${messageOf(cause)}`,
    {
      hint: 'see whether the gateway runs with `qbtc status`, start it with `qbtc up`',
      cause,
    },
  );
}

export function notApisix(api: AdminApi, response: HttpResponse): QbtcError {
  const server = response.headers.server === undefined ? '' : `, server ${response.headers.server}`;
  const start = response.body.slice(0, 80).replace(/\s+/g, ' ');
  return new QbtcError(
    'GATEWAY_NOT_APISIX',
    `what answers at ${api.url} is no APISIX Admin API (status ${response.status}${server}): ${start || 'an empty answer'}`,
    { hint: 'the Admin API has a port of its own (9180 by default), not the port that takes requests' },
  );
}

/** An APISIX whose Admin API does not have this path: it takes its configuration in another way. */
function otherMode(api: AdminApi, path: string): QbtcError {
  return new QbtcError('GATEWAY_NOT_APISIX', `the Admin API at ${api.url} has no ${path}`, {
    hint: 'a standalone APISIX takes its configuration as a whole: `mode: standalone-api` beside its `admin_url`',
  });
}

/** The error that an answer of the Admin API stands for, in the gateway's own words. */
function refusal(api: AdminApi, response: HttpResponse, json: Record<string, unknown>): QbtcError {
  const words = [json.error_msg, json.description, json.message].filter((part) => typeof part === 'string');
  const message = words.join(': ') || `status ${response.status}`;
  switch (response.status) {
    case 401:
      return new QbtcError('GATEWAY_KEY_REFUSED', `the Admin API at ${api.url} refuses the key: ${message}`, {
        hint: 'the gateway runs with another admin key than this stack has; one of the stack is started with `qbtc up`',
      });
    case 403:
      return new QbtcError(
        'GATEWAY_KEY_REFUSED',
        `the Admin API at ${api.url} refuses this address: ${message}`,
        {
          hint: 'add the address to `deployment.admin.allow_admin` in the config.yaml of APISIX',
        },
      );
    case 503:
      return new QbtcError('GATEWAY_STORE_AWAY', `APISIX at ${api.url} cannot reach its etcd: ${message}`, {
        hint: 'the gateway keeps serving what it knows; start etcd, then run the command again',
      });
    default:
      return new QbtcError('GATEWAY_REFUSED', message);
  }
}
