import type { Recorded } from './recording.ts';

/** Recorded requests that this gateway has no counterpart for. Printed by the replay. */
export const NOT_REPLAYED: {
  because: string;
  session: 'admin' | 'plugins';
  is(request: Recorded): boolean;
}[] = [
  {
    because: 'the embedded gateway has one key and no viewer role',
    session: 'admin',
    is: ({ title }) => title.startsWith('viewer '),
  },
  {
    because: 'the recording holds no private key',
    session: 'admin',
    is: ({ url }) => url.includes('/admin/ssls') && !url.endsWith('/ssls/2'),
  },
  {
    because: 'gRPC transcoding and secret managers are not part of the gateway',
    session: 'admin',
    is: ({ url }) => /\/admin\/(protos|secrets)/.test(url),
  },
  {
    because: 'the gateway has no control API',
    session: 'admin',
    is: ({ url }) => url.includes(':9090/'),
  },
  {
    because: 'the set of plugins is its own, and so are the lists and schemas of them',
    session: 'admin',
    is: ({ url, title }) =>
      /plugins\/list|plugins\?all|plugins\/limit-count/.test(url) && /plugins list|schema/.test(title),
  },
  {
    because: 'the recorded APISIX had metadata of other sessions',
    session: 'admin',
    is: ({ url }) => url.endsWith('/plugin_metadata'),
  },
  {
    because: 'it was sent at once with others, which a replay does one after the other',
    session: 'plugins',
    is: ({ title }) => title === 'limit-conn',
  },
  {
    because: 'the metrics are compared by name in a test of their own',
    session: 'plugins',
    is: ({ url }) => url.includes('/apisix/prometheus/metrics'),
  },
];

/** Answered, but not as recorded, on purpose. */
export const OTHERWISE: { because: string; status: number; is(request: Recorded): boolean }[] = [
  {
    because: 'APISIX crashes (500) on a body that is a string; this gateway says what is wrong',
    status: 400,
    is: ({ title }) => title === 'body is string',
  },
  {
    because: 'APISIX takes a kind of balancer that nobody has, and crashes (500) at each request',
    status: 400,
    is: ({ body }) => body?.includes('"type":"weird"') === true,
  },
  {
    because: 'APISIX crashes (500) when it is asked for metadata that has been deleted',
    status: 404,
    is: ({ method, url, status }) => method === 'GET' && url.includes('/plugin_metadata/') && status === 500,
  },
  {
    because: 'and so the route is not there to be deleted',
    status: 404,
    is: ({ method, url }) => method === 'DELETE' && url.endsWith('/routes/e1'),
  },
];

const INDEX = /^(createdIndex|modifiedIndex)$/;
const TIME = /^(create_time|update_time)$/;

const SEALED = new Set(['key-auth.key', 'basic-auth.password', 'jwt-auth.secret', 'hmac-auth.secret_key']);

/** A JSON document without what differs from run to run. `sealed`: keys of consumers are cipher texts. */
export function normalised(value: unknown, sealed: boolean, path: string[] = []): unknown {
  if (Array.isArray(value)) return value.map((each) => normalised(each, sealed, path));
  if (typeof value === 'string') {
    if (sealed && SEALED.has(path.slice(-2).join('.'))) return '(sealed)';
    if (path.at(-1)?.toLowerCase() === 'x-request-id' && /^[0-9a-f-]{36}$/.test(value)) return '(uuid)';
    if (path.at(-1) === 'traceparent') return value.replace(/-[0-9a-f]{16}-/, '-(span)-');
    return value;
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => {
      if ((INDEX.test(name) || TIME.test(name)) && typeof member === 'number') return [name, `(${name})`];
      return [name, normalised(member, sealed, [...path, name])];
    }),
  );
}

/** Answer headers that clients rely on. */
export const COMPARED_HEADERS =
  /^(content-type|access-control-.*|vary|x-api-version|x-ratelimit-.*|x-request-id|x-global|x-r|x-upstream-port|www-authenticate|x-apisix-upstream-status|location)$/;

export function comparedHeaders(
  headers: Record<string, unknown>,
  asRecorded: (value: string) => string = (value) => value,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(headers)
      .filter(([name]) => COMPARED_HEADERS.test(name))
      .map(([name, value]) => [
        name,
        /^[0-9a-f-]{36}$/.test(String(value)) ? '(uuid)' : asRecorded(String(value)),
      ])
      .sort(),
  );
}
