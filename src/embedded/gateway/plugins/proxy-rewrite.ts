import type { Exchange } from '../exchange.ts';
import type { Plugin } from '../plugin.ts';
import { substitutionError, uriPattern } from '../plugin-support/regex-uri.ts';
import { replacement } from '../plugin-support/substitution.ts';
import { escapeArgument, escapePath, escapeTarget } from '../plugin-support/uri-escape.ts';
import type { JsonSchema } from '../schema/validator.ts';
import { type Captures, captureTemplate, type Encode, template } from '../template.ts';

type Fields = Record<string, string | number>;

interface ProxyRewrite {
  uri?: string;
  method?: string;
  regex_uri?: string[];
  host?: string;
  headers?: { set?: Fields; add?: Fields; remove?: string[] } | Fields;
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
  check({ regex_uri: rules = [] }) {
    if (rules.length % 2 !== 0) return 'The length of regex_uri should be an even number';
    for (const [pattern, replacement] of pairs(rules)) {
      const error = substitutionError(pattern, replacement);
      if (error !== undefined) return `invalid regex_uri(${pattern}, ${replacement}): ${error}`;
    }
    return undefined;
  },
  fieldsOf({ headers = {} }) {
    const { add, set, remove } = operations(headers as NonNullable<ProxyRewrite['headers']>);
    return [...add, ...set, ...remove.map((name): [string, string] => [name, ''])];
  },
  compile(configuration) {
    const target = targetOf(configuration);
    const { add, set, remove } = operations(configuration.headers ?? {});
    const prepared = (fields: [string, string | number][]) =>
      fields.map(([name, value]) => ({ name, value: captureTemplate(String(value)) }));
    const [added, replaced] = [prepared(add), prepared(set)];
    return {
      rewrite(exchange) {
        const { request } = exchange;
        const captures = target(exchange) ?? [];
        if (configuration.host !== undefined) request.host = configuration.host;
        for (const { name, value } of added) {
          request.headers.append(name, value.render(exchange, undefined, captures));
        }
        for (const { name, value } of replaced) {
          request.headers.put(name, value.render(exchange, undefined, captures));
        }
        for (const name of remove) request.headers.remove(name);
        if (configuration.method !== undefined) request.method = configuration.method;
        return undefined;
      },
    };
  },
};

/** Rewrites the target and gives what the rule that matched has captured. */
type Rewrite = (exchange: Exchange) => Captures | undefined;

function targetOf({ uri, regex_uri: rules, use_real_request_uri_unsafe: raw }: ProxyRewrite): Rewrite {
  if (uri !== undefined) return byTemplate(uri, raw);
  if (rules !== undefined) return raw ? byRulesOnTarget(rules) : byRulesOnPath(rules);
  return (exchange) => (raw ? undefined : setTarget(exchange, escapePath(exchange.path)));
}

/** Puts the query that the request has by now (an auth plugin may have hidden a key in it) behind the new target. */
function setTarget({ request }: Exchange, target: string): undefined {
  const mark = request.target.indexOf('?');
  const query = mark === -1 ? '' : request.target.slice(mark + 1);
  if (query === '') request.target = target;
  else request.target = target.includes('?') ? `${target}&${query}` : `${target}?${query}`;
}

/** What stands before and behind the first `?` of a configured text: nothing else begins a query. */
function parts(text: string): [path: string, query: string | undefined] {
  const mark = text.indexOf('?');
  return mark === -1 ? [text, undefined] : [text.slice(0, mark), text.slice(mark + 1)];
}

/** Variables that hold escapes still: escaping them once more would change what they mean. */
const AS_SENT = new Set(['real_request_uri', 'args', 'query_string']);
const withoutMark: Encode = (value) => value.replaceAll('?', '%3F');
const inPath: Encode = (value, name) => (AS_SENT.has(name) ? withoutMark : escapePath)(value, name);
const inQuery: Encode = (value, name) => (AS_SENT.has(name) ? withoutMark : escapeArgument)(value, name);

function byTemplate(uri: string, raw: boolean): Rewrite {
  const [pathText, queryText] = parts(uri);
  const path = template(pathText);
  const query = queryText === undefined ? undefined : template(queryText);
  return (exchange) => {
    // APISIX escapes the path when it is whole, a client's `?` for the second time.
    const target = raw
      ? escapeTarget(path.render(exchange, inPath))
      : escapePath(path.render(exchange, withoutMark));
    if (query === undefined) return setTarget(exchange, target);
    return setTarget(exchange, `${target}?${escapeTarget(query.render(exchange, inQuery))}`);
  };
}

function byRulesOnPath(rules: readonly string[]): Rewrite {
  const substitutions = pairs(rules).map(([pattern, by]) => {
    const [path, query] = parts(by);
    return {
      find: uriPattern(pattern),
      path: replacement(path),
      query: query === undefined ? undefined : replacement(query),
    };
  });
  return (exchange) => {
    for (const { find, path, query } of substitutions) {
      const found = find(exchange.path);
      if (found === undefined) continue;
      const { captures, before, after } = found;
      if (query === undefined) setTarget(exchange, escapePath(before + path(captures) + after));
      else {
        const args = query(captures, escapeArgument) + escapeArgument(after);
        setTarget(exchange, `${escapePath(before + path(captures))}?${escapeTarget(args)}`);
      }
      return captures;
    }
    return setTarget(exchange, escapePath(exchange.path));
  };
}

/** The rules see path and query as the client sent them, and escape nothing that a target may hold. */
function byRulesOnTarget(rules: readonly string[]): Rewrite {
  const substitutions = pairs(rules).map(([pattern, by]) => ({
    find: uriPattern(pattern),
    replaced: replacement(by),
  }));
  return ({ request }) => {
    for (const { find, replaced } of substitutions) {
      const found = find(request.target);
      if (found === undefined) continue;
      const { captures, before, after } = found;
      request.target = escapeTarget(before + replaced(captures) + after);
      return captures;
    }
    return undefined;
  };
}

function pairs(rules: readonly string[]): [pattern: string, replacement: string][] {
  return rules.flatMap((rule, i) => (i % 2 === 0 ? [[rule, rules[i + 1] ?? ''] as [string, string]] : []));
}

/** Both forms of `headers`: with `add`, `set` and `remove` in it, or with the fields to set. */
function operations(headers: NonNullable<ProxyRewrite['headers']>) {
  const { add, set, remove } = headers as { add?: Fields; set?: Fields; remove?: string[] };
  const grouped = [add, set, remove].some((each) => typeof each === 'object');
  return {
    add: grouped ? Object.entries(add ?? {}) : [],
    set: Object.entries((grouped ? set : (headers as Fields)) ?? {}),
    remove: (grouped && remove) || [],
  };
}
