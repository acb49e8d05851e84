import type { Exchange } from './exchange.ts';

/** The variables of nginx and APISIX that `vars`, keys and templates may name; `undefined` when there is no value. */
export function variable(exchange: Exchange, name: string): string | undefined {
  const known = VARIABLES[name];
  if (known !== undefined) return known(exchange);
  if (name.startsWith('arg_')) return exchange.arguments.get(name.slice(4)) ?? undefined;
  if (name.startsWith('http_')) return exchange.request.headers.get(name.slice(5).replaceAll('_', '-'));
  if (name.startsWith('cookie_')) return cookie(exchange, name.slice(7));
  if (name.startsWith('uri_param_')) return exchange.parameters?.[name.slice(10)];
  if (name.startsWith('sent_http_')) {
    return exchange.response?.headers.get(name.slice(10).replaceAll('_', '-'));
  }
  return undefined;
}

const VARIABLES: Record<string, (exchange: Exchange) => string | undefined> = {
  uri: (x) => x.path,
  request_uri: (x) => x.incoming.url,
  args: (x) => x.query,
  query_string: (x) => x.query,
  is_args: (x) => (x.query === '' ? '' : '?'),
  host: (x) => x.host,
  http_host: (x) => x.incoming.headers.host,
  method: (x) => x.incoming.method,
  request_method: (x) => x.incoming.method,
  scheme: (x) => x.scheme,
  remote_addr: (x) => x.remoteAddress,
  remote_port: (x) => x.incoming.socket.remotePort?.toString(),
  server_port: (x) => x.serverPort.toString(),
  server_addr: (x) => x.incoming.socket.localAddress,
  request_length: (x) => x.incoming.headers['content-length'],
  content_type: (x) => x.incoming.headers['content-type'],
  status: (x) => x.response?.status.toString(),
  upstream_status: (x) => x.upstreamStatus?.toString(),
  upstream_response_time: (x) => seconds(x.upstreamLatencyMs),
  request_time: (x) => seconds(performance.now() - x.startedAt),
  bytes_sent: (x) => x.bytesSent.toString(),
  body_bytes_sent: (x) => x.bytesSent.toString(),
  request: (x) => `${x.incoming.method} ${x.incoming.url} HTTP/${x.incoming.httpVersion}`,
  server_protocol: (x) => `HTTP/${x.incoming.httpVersion}`,
  time_iso8601: () => new Date().toISOString().replace(/\.\d+Z$/, '+00:00'),
  msec: () => (Date.now() / 1000).toFixed(3),
  consumer_name: (x) => x.consumer?.username,
  consumer_group_id: (x) => x.consumer?.groupId,
  credential_id: (x) => x.consumer?.credentialId,
  route_id: (x) => x.route?.id,
  service_id: (x) => x.route?.serviceId,
  upstream_addr: (x) => x.upstreamAddress,
};

/** As nginx writes durations: seconds with milliseconds. */
function seconds(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : (ms / 1000).toFixed(3);
}

function cookie(exchange: Exchange, name: string): string | undefined {
  for (const pair of (exchange.incoming.headers.cookie ?? '').split(';')) {
    const equals = pair.indexOf('=');
    if (equals !== -1 && pair.slice(0, equals).trim() === name) return pair.slice(equals + 1).trim();
  }
  return undefined;
}

const NAME = /\\?\$(\{[A-Za-z_][\w-]*\}|[A-Za-z_]\w*)/g;

/** A text with `$name` and `${name}` in it, prepared once; what has no value becomes empty. */
export interface Template {
  render(exchange: Exchange): string;
  /** How many of the variables in the text have a value. */
  resolved(exchange: Exchange): number;
}

export function template(text: string): Template {
  const pieces: (string | { variable: string })[] = [];
  let end = 0;
  for (const found of text.matchAll(NAME)) {
    if (found[0].startsWith('\\')) continue;
    pieces.push(text.slice(end, found.index), { variable: (found[1] ?? '').replace(/[{}]/g, '') });
    end = found.index + found[0].length;
  }
  pieces.push(text.slice(end));
  return {
    render: (exchange) =>
      pieces
        .map((piece) => (typeof piece === 'string' ? piece : (variable(exchange, piece.variable) ?? '')))
        .join(''),
    resolved: (exchange) =>
      pieces.filter((piece) => typeof piece !== 'string' && variable(exchange, piece.variable) !== undefined)
        .length,
  };
}
