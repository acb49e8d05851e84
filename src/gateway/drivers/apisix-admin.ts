import type { Context, HttpResponse } from '../../context.ts';
import { messageOf, QbtcError } from '../../errors.ts';
import type { GatewayKind, GatewayObject, GatewayState } from '../../model/gateway.ts';
import { isRecord } from '../../reconcile/difference.ts';
import { mapConcurrently } from '../../reconcile/map-concurrently.ts';
import { isPassingNetworkError, retry } from '../../reconcile/retry.ts';
import type { GatewayDriver } from '../driver.ts';
import type { JsonSchema, SchemaName } from '../schema.ts';
import { credentialKey, credentialParts, emptyState } from '../state.ts';

export interface AdminApi {
  /** `http://127.0.0.1:9180`, without a path. */
  url: string;
  /** The key of the role admin, sent as `X-API-KEY`. */
  key: string;
}

const COLLECTIONS = {
  upstream: 'upstreams',
  service: 'services',
  consumer: 'consumers',
  route: 'routes',
} as const satisfies Record<Exclude<GatewayKind, 'credential'>, string>;

/** Milliseconds for one operation with all its tries. */
const DEADLINE_MS = 10_000;
const TRIES = 3;
const PAUSE_MS = 100;
/** The cache in which APISIX looks up references lags behind its store by this long at most, as far as seen. */
const REFERENCE_LAG_MS = 3_000;
const READS_IN_FLIGHT = 16;

/** An answer that a second try may turn into another one. */
class PassingAnswer extends Error {
  readonly response: HttpResponse;
  constructor(response: HttpResponse) {
    super(`status ${response.status}`);
    this.response = response;
  }
}

/** The Admin API of APISIX 3.x in its traditional mode (configuration in etcd), or of what stands in for it. */
export function apisixAdmin(
  context: Pick<Context, 'http' | 'clock' | 'interrupted'>,
  api: AdminApi,
): GatewayDriver {
  const { http, clock, interrupted } = context;

  const send = async (method: string, path: string, body?: GatewayObject): Promise<HttpResponse> => {
    const headers: Record<string, string> = { 'x-api-key': api.key };
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
    options: { body?: GatewayObject; expected: number[] },
  ): Promise<{ status: number; json: Record<string, unknown> }> => {
    const response = await send(method, path, options.body);
    const json = parseObject(response.body) ?? pageOf(response);
    // The port that takes requests says so; it has no Admin API.
    if (json === undefined || json.error_msg === '404 Route Not Found') throw notApisix(api, response);
    if (options.expected.includes(response.status)) return { status: response.status, json };
    throw refusal(api, response, json);
  };

  const list = async (path: string): Promise<[string, GatewayObject][]> => {
    // 404: the consumer is gone by now, or this APISIX is older than credentials (3.11).
    const { status, json } = await request('GET', path, {
      expected: path.endsWith('/credentials') ? [200, 404] : [200],
    });
    if (status === 404) return [];
    // An empty list may come as `{}`: Lua has one table for both.
    const items = isRecord(json.list) ? Object.values(json.list) : json.list;
    if (!Array.isArray(items)) throw notApisix(api, { status: 200, headers: {}, body: JSON.stringify(json) });
    return items.filter(isRecord).flatMap((item): [string, GatewayObject][] => {
      if (typeof item.key !== 'string' || !isRecord(item.value)) return [];
      return [[item.key.slice(item.key.lastIndexOf('/') + 1), item.value]];
    });
  };

  const pathOf = (kind: GatewayKind, id: string): string => {
    if (kind !== 'credential') return `/${COLLECTIONS[kind]}/${encodeURIComponent(id)}`;
    const { username, id: credential } = credentialParts(id);
    return `/consumers/${encodeURIComponent(username)}/credentials/${encodeURIComponent(credential)}`;
  };

  return {
    async observe(hasCredentials) {
      const state: GatewayState = emptyState();
      const kinds = Object.keys(COLLECTIONS) as (keyof typeof COLLECTIONS)[];
      await Promise.all(
        kinds.map(async (kind) => {
          for (const [id, object] of await list(`/${COLLECTIONS[kind]}`)) {
            // Some versions list credentials among the consumers; they have no username.
            if (kind === 'consumer' && typeof object.username !== 'string') continue;
            state[kind].set(id, object);
          }
        }),
      );
      const usernames = [...state.consumer]
        .filter(([, consumer]) => hasCredentials(consumer))
        .map(([id]) => id);
      await mapConcurrently(usernames, READS_IN_FLIGHT, async (username) => {
        for (const [id, object] of await list(`/consumers/${encodeURIComponent(username)}/credentials`)) {
          state.credential.set(credentialKey(username, id), object);
        }
      });
      return state;
    },

    async schemas(names) {
      const found = new Map<SchemaName, JsonSchema>();
      await mapConcurrently(names, READS_IN_FLIGHT, async (name) => {
        for (const path of schemaPaths(name)) {
          const { status, json } = await request('GET', path, { expected: [200, 400, 404] });
          if (status !== 200) continue;
          found.set(name, json);
          return;
        }
      });
      return found;
    },

    async put(kind, id, object) {
      await request('PUT', pathOf(kind, id), { body: object, expected: [200, 201] });
    },

    async delete(kind, id) {
      await retry(() => request('DELETE', pathOf(kind, id), { expected: [200, 404] }), {
        clock,
        deadlineMs: REFERENCE_LAG_MS,
        tries: Number.POSITIVE_INFINITY,
        pauseMs: PAUSE_MS,
        canSucceed: (error) => error instanceof QbtcError && error.message.includes('still using it'),
        signal: interrupted,
      });
    },
  };
}

/** Where the schema is asked for. A plugin that has none for consumers has its one schema there too. */
function schemaPaths(name: SchemaName): string[] {
  const slash = name.indexOf('/');
  if (slash === -1) return [`/schema/${name}`];
  const path = `/schema/plugins/${encodeURIComponent(name.slice(slash + 1))}`;
  return name.startsWith('consumer-') ? [`${path}?schema_type=consumer`, path] : [path];
}

function parseObject(body: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** nginx answers for APISIX with pages of its own: 403 to addresses that may not come, 500 when its Lua failed. */
function pageOf(response: HttpResponse): Record<string, unknown> | undefined {
  const isApisix =
    response.headers.server?.startsWith('APISIX') || response.body.includes('apisix.apache.org');
  if (!isApisix || (response.status !== 403 && response.status < 500)) return undefined;
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

function notApisix(api: AdminApi, response: HttpResponse): QbtcError {
  const server = response.headers.server === undefined ? '' : `, server ${response.headers.server}`;
  const start = response.body.slice(0, 80).replace(/\s+/g, ' ');
  return new QbtcError(
    'GATEWAY_NOT_APISIX',
    `what answers at ${api.url} is no APISIX Admin API (status ${response.status}${server}): ${start || 'an empty answer'}`,
    { hint: 'the Admin API has a port of its own (9180 by default), not the port that takes requests' },
  );
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
