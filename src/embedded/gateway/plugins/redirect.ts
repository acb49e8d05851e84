import type { Exchange } from '../exchange.ts';
import type { Plugin } from '../plugin.ts';
import { substitutionError, uriPattern } from '../plugin-support/regex-uri.ts';
import { statusError } from '../plugin-support/status-error.ts';
import { replacement } from '../plugin-support/substitution.ts';
import { escapePath } from '../plugin-support/uri-escape.ts';
import { wordTemplate } from '../template.ts';

interface Redirect {
  ret_code: number;
  uri?: string;
  regex_uri?: [pattern: string, replacement: string];
  http_to_https?: boolean;
  encode_uri: boolean;
  append_query_string: boolean;
}

/** Any text, taken apart into variables and what stands between them. */
const PIECES = '(\\\\\\$[0-9a-zA-Z_]+)|\\$\\{([0-9a-zA-Z_]+)\\}|\\$([0-9a-zA-Z_]+)|(\\$|[^$\\\\]+)';
const HTTPS_PORT = 443;

/** Sends clients to another URI, or to the same one behind TLS. */
export const redirect: Plugin<Redirect> = {
  name: 'redirect',
  version: 0.1,
  priority: 900,
  schema: {
    type: 'object',
    properties: {
      ret_code: { type: 'integer', minimum: 200, default: 302 },
      uri: { type: 'string', minLength: 2, pattern: PIECES },
      regex_uri: {
        description:
          'params for generating new uri that substitute from client uri, first param is regular expression, the second one is uri template',
        type: 'array',
        maxItems: 2,
        minItems: 2,
        items: { description: 'regex uri', type: 'string' },
      },
      http_to_https: { type: 'boolean' },
      encode_uri: { type: 'boolean', default: false },
      append_query_string: { type: 'boolean', default: false },
    },
    oneOf: [{ required: ['uri'] }, { required: ['regex_uri'] }, { required: ['http_to_https'] }],
  },
  check({ regex_uri: rule, http_to_https: toHttps, append_query_string: appends, ret_code: status }) {
    if (rule !== undefined) {
      const error = substitutionError(...rule);
      if (error !== undefined) return `invalid regex_uri (${rule[0]}, ${rule[1]}), err:${error}`;
    }
    if (toHttps && appends) {
      return 'only one of `http_to_https` and `append_query_string` can be configured.';
    }
    return statusError('ret_code', status);
  },
  compile(configuration, host) {
    const locate = locationOf(configuration);
    const { encode_uri: encodes, append_query_string: appends } = configuration;
    return {
      rewrite(exchange) {
        if (configuration.http_to_https === true) {
          const proto = exchange.request.headers.get('X-Forwarded-Proto') ?? exchange.scheme;
          return proto === 'https' ? undefined : toHttps(exchange, host.httpsPort);
        }
        const found = locate?.(exchange);
        if (found === undefined) return undefined;
        let location = encodes ? encoded(found) : found;
        const query = queryOf(exchange);
        if (appends && query !== '') location += `${found.includes('?') ? '&' : '?'}${query}`;
        return answer(configuration.ret_code, location);
      },
    };
  },
};

const answer = (status: number, location: string) => ({
  status,
  headers: { Location: location },
  // nginx names no charset on the pages of its redirects.
  contentType: 'text/html',
});

/** The new URI; `undefined` where the request is to go on. */
function locationOf({
  uri,
  regex_uri: rule,
}: Redirect): ((exchange: Exchange) => string | undefined) | undefined {
  if (uri !== undefined) {
    const text = wordTemplate(uri);
    return (exchange) => text.render(exchange);
  }
  if (rule === undefined) return undefined;
  const find = uriPattern(rule[0]);
  const replaced = replacement(rule[1]);
  return ({ path }) => {
    const found = find(path);
    return found && found.before + replaced(found.captures) + found.after;
  };
}

/** GET may become any method on its way and is given 301, what has a body must stay what it is (RFC 9110, 15.4.9). */
function toHttps(exchange: Exchange, port: number | undefined) {
  const authority = port === undefined || port === HTTPS_PORT ? exchange.host : `${exchange.host}:${port}`;
  const { path, query } = exchange;
  const target = escapePath(path) + (query === '' ? '' : `?${query}`);
  const status = ['GET', 'HEAD'].includes(exchange.request.method) ? 301 : 308;
  return answer(status, `https://${authority}${target}`);
}

/** The path of it; what stands behind a question mark is a query. */
function encoded(uri: string): string {
  const mark = uri.indexOf('?');
  return mark === -1 ? escapePath(uri) : escapePath(uri.slice(0, mark)) + uri.slice(mark);
}

function queryOf({ request }: Exchange): string {
  const mark = request.target.indexOf('?');
  return mark === -1 ? '' : request.target.slice(mark + 1);
}
