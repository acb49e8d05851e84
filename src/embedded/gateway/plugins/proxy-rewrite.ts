import type { Exchange } from '../exchange.ts';
import type { Plugin } from '../plugin.ts';
import type { JsonSchema } from '../schema/validator.ts';
import { template } from '../variables.ts';

type HeaderValue = string | number;

interface ProxyRewrite {
  uri?: string;
  method?: string;
  regex_uri?: string[];
  host?: string;
  headers?:
    | { set?: Record<string, HeaderValue>; add?: Record<string, HeaderValue>; remove?: string[] }
    | Record<string, HeaderValue>;
  use_real_request_uri_unsafe: boolean;
}

const METHODS = [
  ...['GET', 'POST', 'PUT', 'HEAD', 'DELETE', 'OPTIONS', 'MKCOL', 'COPY', 'MOVE', 'PROPFIND', 'LOCK'],
  ...['UNLOCK', 'PATCH', 'TRACE'],
];
const headerValues: JsonSchema = {
  type: 'object',
  minProperties: 1,
  patternProperties: { '^[^:]+$': { oneOf: [{ type: 'string' }, { type: 'number' }] } },
};

/** Changes what goes to the upstream: path, host, method, headers. */
export const proxyRewrite: Plugin<ProxyRewrite> = {
  name: 'proxy-rewrite',
  version: 0.1,
  priority: 1008,
  schema: {
    type: 'object',
    properties: {
      uri: { type: 'string', minLength: 1, maxLength: 4096, pattern: '^\\/.*' },
      method: { type: 'string', enum: METHODS },
      regex_uri: { type: 'array', minItems: 2, items: { type: 'string' } },
      host: { type: 'string', pattern: '^[0-9a-zA-Z-.]+(:\\d{1,5})?$' },
      headers: {
        oneOf: [
          {
            type: 'object',
            minProperties: 1,
            additionalProperties: false,
            properties: {
              add: headerValues,
              set: headerValues,
              remove: { type: 'array', minItems: 1, items: { type: 'string', pattern: '^[^:]+$' } },
            },
          },
          headerValues,
        ],
      },
      use_real_request_uri_unsafe: { type: 'boolean', default: false },
    },
    minProperties: 1,
  },
  check({ regex_uri: rules }) {
    if (rules === undefined) return undefined;
    if (rules.length % 2 !== 0) return 'The length of regex_uri should be an even number';
    for (let i = 0; i < rules.length; i += 2) {
      try {
        new RegExp(rules[i] ?? '');
      } catch (error) {
        return `invalid regex_uri(${rules[i]}, ${rules[i + 1]}): ${(error as Error).message}`;
      }
    }
    return undefined;
  },
  compile(configuration) {
    const target = targetOf(configuration);
    const operations = headerOperations(configuration.headers);
    return {
      rewrite(exchange) {
        const { request } = exchange;
        const captures = target?.(exchange);
        if (configuration.host !== undefined) request.host = configuration.host;
        for (const { name, value } of operations.add) request.headers.add(name, value(exchange, captures));
        for (const { name, value } of operations.set) request.headers.set(name, value(exchange, captures));
        for (const name of operations.remove) request.headers.remove(name);
        if (configuration.method !== undefined) request.method = configuration.method;
        return undefined;
      },
    };
  },
};

/** Sets the target and gives the captures of the rule that matched. */
function targetOf(configuration: ProxyRewrite): ((exchange: Exchange) => string[] | undefined) | undefined {
  const { uri, regex_uri: rules, use_real_request_uri_unsafe: raw } = configuration;
  if (uri !== undefined) {
    const path = template(uri);
    return (exchange) => {
      exchange.request.target = withQuery(encodePath(path.render(exchange)), exchange.query);
      return undefined;
    };
  }
  if (rules === undefined) {
    return raw
      ? undefined
      : (exchange) => {
          exchange.request.target = withQuery(encodePath(exchange.path, true), exchange.query);
          return undefined;
        };
  }
  const pairs: { pattern: RegExp; replacement: string }[] = [];
  for (let i = 0; i < rules.length; i += 2) {
    pairs.push({ pattern: new RegExp(rules[i] ?? ''), replacement: rules[i + 1] ?? '' });
  }
  return (exchange) => {
    const subject = raw ? exchange.request.target : exchange.path;
    for (const { pattern, replacement } of pairs) {
      const captures = pattern.exec(subject);
      if (captures === null) continue;
      const rewritten = subject.replace(pattern, () => expand(replacement, captures));
      exchange.request.target = raw ? rewritten : withQuery(encodePath(rewritten), exchange.query);
      return captures;
    }
    return undefined;
  };
}

/** `$1` and `${1}` as PCRE has them; JavaScript's other patterns of replacement mean nothing here. */
function expand(replacement: string, captures: readonly string[]): string {
  return replacement.replace(
    /\$(?:\{(\d+)\}|(\d+))/g,
    (_, braced?: string, bare?: string) => captures[Number(braced ?? bare)] ?? '',
  );
}

/** A path that came unescaped must not bring new delimiters, spaces or control characters into the request line. */
function encodePath(path: string, questionMarkToo = false): string {
  const mark = questionMarkToo ? -1 : path.indexOf('?');
  const [head, tail] = mark === -1 ? [path, ''] : [path.slice(0, mark), path.slice(mark)];
  const escaped = encodeURI(wellFormed(head)).replaceAll('#', '%23').replaceAll('?', '%3F');
  return escaped + tail.replace(/[^\x21-\x7e]/g, (each) => encodeURIComponent(wellFormed(each)));
}

/** Half a surrogate pair, which JSON can carry, would make the encoding throw. */
const wellFormed = (text: string): string => Buffer.from(text).toString();

function withQuery(path: string, query: string): string {
  if (query === '') return path;
  return path.includes('?') ? `${path}&${query}` : `${path}?${query}`;
}

type Value = (exchange: Exchange, captures: readonly string[] | undefined) => string;

function headerOperations(headers: ProxyRewrite['headers'] = {}) {
  const { add, set, remove } = headers as { add?: unknown; set?: unknown; remove?: unknown };
  const grouped = [add, set, remove].some((each) => typeof each === 'object');
  const prepare = (values: unknown) =>
    Object.entries((values ?? {}) as Record<string, HeaderValue>).map(([name, value]) => ({
      name,
      value: headerValue(String(value)),
    }));
  return {
    add: grouped ? prepare(add) : [],
    set: prepare(grouped ? set : headers),
    remove: grouped ? ((remove ?? []) as string[]) : [],
  };
}

function headerValue(text: string): Value {
  if (!text.includes('$')) return () => text;
  const plain = template(text);
  if (!/\$\{?\d/.test(text)) return (exchange) => plain.render(exchange);
  return (exchange, captures) =>
    template(captures === undefined ? text : expand(text, captures)).render(exchange);
}
