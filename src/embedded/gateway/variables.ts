import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type { Exchange } from './exchange.ts';
import type { HeaderList } from './http/header-list.ts';
import { pathError, postArgument, postPath } from './post-arguments.ts';
import { unavailable } from './unavailable.ts';

/**
 * Gives what APISIX has under a variable's name (`apisix/core/ctx.lua`, docs/en/latest/apisix-variable.md, nginx's
 * variables): text of one character a byte, `true` for an argument without `=`, or a value out of a JSON body.
 * `undefined` for what has no value.
 */
export function variableValue(exchange: Exchange, name: string): unknown {
  const known = VARIABLES.get(name);
  if (known !== undefined) return known(exchange);
  for (const [prefix, read] of FAMILIES) {
    if (name.startsWith(prefix)) return read(exchange, name.slice(prefix.length));
  }
  return undefined;
}

/** The same as text, for keys, templates and logs; a list or an object has none. */
export function variable(exchange: Exchange, name: string): string | undefined {
  const value = variableValue(exchange, name);
  return value === undefined || value === null || typeof value === 'object' ? undefined : String(value);
}

/** Why no request can have a value for this variable here though one has in APISIX; `undefined` for all others. */
export function unavailableVariable(name: string): string | undefined {
  if (name.startsWith('post_arg.')) return pathError(name.slice('post_arg.'.length));
  if (VARIABLES.has(name) || !UNAVAILABLE.test(name)) return undefined;
  return unavailable(`variable "${name}"`);
}

const UNAVAILABLE =
  /^(?:graphql_|llm_|geoip|ssl_|tcpinfo_|proxy_protocol_|upstream_(?:http|cookie|trailer|cache|bytes)_|sent_trailer_|limit_)|^(?:mqtt_client_id|redis_cmd_line|rpc_time|resp_body|request_body|request_body_file|request_type|request_llm_model|upstream_scheme|upstream_connect_time|gzip_ratio|document_root|realpath_root|request_filename|connection|connection_requests|connection_time)$/;

type Read = (exchange: Exchange) => string | undefined;

const VARIABLES: ReadonlyMap<string, Read> = new Map<string, Read>([
  ['uri', (x) => x.path],
  ['document_uri', (x) => x.path],
  ['request_uri', requestUri],
  ['real_request_uri', (x) => x.client.target],
  ['args', (x) => x.query],
  ['query_string', (x) => x.query],
  ['is_args', (x) => (x.query === '' ? '' : '?')],
  ['host', (x) => x.host],
  ['method', (x) => x.client.method],
  ['request_method', (x) => x.client.method],
  ['scheme', (x) => x.scheme],
  ['https', (x) => (x.scheme === 'https' ? 'on' : '')],
  ['server_protocol', (x) => `HTTP/${x.client.version}`],
  ['request', (x) => `${x.client.method} ${x.client.target} HTTP/${x.client.version}`],
  ['remote_addr', (x) => x.remoteAddress],
  ['remote_port', (x) => (x.remotePort === 0 ? '' : x.remotePort.toString())],
  ['remote_user', remoteUser],
  ['realip_remote_addr', (x) => x.client.peer.remoteAddress],
  ['realip_remote_port', (x) => x.client.peer.remotePort.toString()],
  ['server_addr', (x) => x.client.peer.localAddress],
  ['server_port', (x) => x.serverPort.toString()],
  ['server_name', () => '_'],
  ['hostname', () => hostname()],
  ['pid', () => process.pid.toString()],
  ['content_length', (x) => x.client.headers.get('content-length')],
  ['content_type', (x) => x.client.headers.get('content-type')],
  ['request_length', (x) => requestLength(x).toString()],
  ['request_id', requestId],
  ['request_time', (x) => seconds(performance.now() - x.startedAt)],
  ['time_iso8601', () => new Date().toISOString().replace(/\.\d+Z$/, '+00:00')],
  ['time_local', localTime],
  ['msec', () => (Date.now() / 1000).toFixed(3)],
  ['status', (x) => x.response?.status.toString()],
  ['bytes_sent', (x) => x.answerBytes.toString()],
  ['body_bytes_sent', (x) => x.bytesSent.toString()],
  ['upstream_addr', (x) => x.upstreamAddress],
  ['upstream_status', (x) => x.upstreamStatus?.toString()],
  ['upstream_header_time', (x) => seconds(x.upstreamLatencyMs)],
  ['upstream_response_time', (x) => seconds(x.upstreamResponseMs)],
  ['apisix_upstream_response_time', (x) => seconds(x.upstreamResponseMs)],
  ['upstream_uri', (x) => x.request.target],
  ['upstream_host', (x) => x.request.host ?? x.request.headers.get('host')],
  ['balancer_ip', (x) => x.upstreamAddress?.replace(/:\d+$/, '')],
  ['balancer_port', (x) => /:(\d+)$/.exec(x.upstreamAddress ?? '')?.[1]],
  ['opentelemetry_context_traceparent', (x) => x.traceparent ?? ''],
  ['opentelemetry_trace_id', (x) => x.traceparent?.split('-')[1] ?? ''],
  ['opentelemetry_span_id', (x) => x.traceparent?.split('-')[2] ?? ''],
  ['consumer_name', (x) => x.consumer?.username],
  ['consumer_group_id', (x) => x.consumer?.groupId],
  ['credential_id', (x) => x.consumer?.credentialId],
  ['route_id', (x) => x.route?.id],
  ['route_name', (x) => x.route?.name],
  ['service_id', (x) => x.route?.serviceId],
  ['service_name', (x) => x.route?.serviceName],
]);

/** Variables whose names go on with a name of the request's. */
const FAMILIES: readonly (readonly [prefix: string, read: (exchange: Exchange, name: string) => unknown])[] =
  [
    ['arg_', (x, name) => x.arguments.value(name)],
    ['post_arg_', postArgument],
    ['post_arg.', postPath],
    ['http_', requestField],
    ['cookie_', cookie],
    ['uri_param_', (x, name) => x.parameters?.get(name)],
    ['sent_http_', (x, name) => x.response && field(x.response.headers, name)],
  ];

/** Fields that end at the gateway and that plugins do not see; variables do. */
const HOP_BY_HOP = /^(?:connection|upgrade|te|trailer|keep_alive|proxy_connection|transfer_encoding)$/;

function requestField({ client, request }: Exchange, name: string): string | undefined {
  const folded = name.toLowerCase().replaceAll('-', '_');
  return field(HOP_BY_HOP.test(folded) ? client.headers : request.headers, folded);
}

/** All fields that fold to one name, as nginx joins them. */
function field(headers: HeaderList, name: string): string | undefined {
  const folded = name.toLowerCase().replaceAll('-', '_');
  let joined: string | undefined;
  for (const [each, value] of headers.entries()) {
    if (each.length !== folded.length || each.toLowerCase().replaceAll('-', '_') !== folded) continue;
    joined = joined === undefined ? value : `${joined}${folded === 'cookie' ? '; ' : ', '}${value}`;
  }
  return joined;
}

function cookie(exchange: Exchange, name: string): string | undefined {
  for (const pair of (requestField(exchange, 'cookie') ?? '').split(';')) {
    const equals = pair.indexOf('=');
    if (equals !== -1 && pair.slice(0, equals).trim() === name) return pair.slice(equals + 1).trim();
  }
  return undefined;
}

/** The user of basic authentication (RFC 7617), whether the password is right or not. */
function remoteUser({ client }: Exchange): string | undefined {
  const credentials = /^basic +(\S+)$/i.exec(client.headers.get('authorization') ?? '')?.[1];
  if (credentials === undefined) return undefined;
  const text = Buffer.from(credentials, 'base64').toString('latin1');
  const colon = text.indexOf(':');
  return colon === -1 ? undefined : text.slice(0, colon);
}

/** Bytes of the head and of the body that was announced. */
function requestLength({ client }: Exchange): number {
  const { method, target, headers } = client;
  const line = `${method} ${target} HTTP/1.1\r\n`.length;
  const fields = headers.flat.reduce((sum, text) => sum + text.length + 2, 2);
  return line + fields + Number(headers.get('content-length') ?? 0);
}

const REQUEST_ID = {};

/** One for each request, the same whenever it is asked for. */
function requestId(exchange: Exchange): string {
  const id = (exchange.noted(REQUEST_ID) as string | undefined) ?? randomBytes(16).toString('hex');
  exchange.note(REQUEST_ID, id);
  return id;
}

/**
 * Gives path and query, the path in its normal form: no other spelling gets past what looks at it (apisix/init.lua). A
 * question mark of the path stays one of the path.
 */
function requestUri({ path, query }: Exchange): string {
  const before = path.replaceAll('?', '%3F');
  return query === '' ? before : `${before}?${query}`;
}

/** As nginx writes durations: seconds with milliseconds. */
function seconds(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : (ms / 1000).toFixed(3);
}

/** As nginx's access log has it: `29/Nov/2026:19:11:41 +0000`. */
function localTime(): string {
  const [, month, day, year, time, zone] =
    /^\w+ (\w+) (\d+) (\d+) ([\d:]+) GMT([+-]\d+)/.exec(String(new Date())) ?? [];
  return `${day}/${month}/${year}:${time} ${zone}`;
}
