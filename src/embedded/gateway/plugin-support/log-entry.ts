import { hostname } from 'node:os';
import { textOf } from '../../../matching/bytes.ts';
import type { Exchange } from '../exchange.ts';
import type { HeaderList } from '../http/header-list.ts';
import { SERVER } from '../server-name.ts';
import { unavailableVariable, variable } from '../variables.ts';

/** What a logger has kept of the bodies, as text. */
export interface LoggedBodies {
  request: string | undefined;
  response: string | undefined;
}

/** A `log_format`, prepared once: `$name` stands for a variable, anything else for itself. */
export interface LogFormat {
  /** Whether it names the request's body. */
  readonly namesRequestBody: boolean;
  entry(exchange: Exchange, bodies: LoggedBodies): Record<string, unknown>;
}

/** Bodies are variables of loggers alone. */
const BODIES: ReadonlyMap<string, keyof LoggedBodies> = new Map([
  ['request_body', 'request'],
  ['resp_body', 'response'],
]);

export function logFormat(format: Record<string, unknown>): LogFormat {
  const fields = Object.entries(format).map(([name, value]) => {
    const text = String(value);
    return text.startsWith('$') ? { name, variable: text.slice(1) } : { name, value };
  });
  return {
    namesRequestBody: fields.some((field) => field.variable === 'request_body'),
    entry(exchange, bodies) {
      const entries = fields.map((field): [string, unknown] => {
        if (field.variable === undefined) return [field.name, field.value];
        const body = BODIES.get(field.variable);
        return [field.name, body === undefined ? text(variable(exchange, field.variable)) : bodies[body]];
      });
      const { route } = exchange;
      return { ...Object.fromEntries(entries), service_id: route?.serviceId, route_id: route?.id };
    },
  };
}

/** Which of a format's variables this gateway lacks. */
export function logFormatError(format: Record<string, unknown> | undefined): string | undefined {
  for (const value of Object.values(format ?? {})) {
    const name = String(value).startsWith('$') ? String(value).slice(1) : '';
    const lacking = BODIES.has(name) ? undefined : unavailableVariable(name);
    if (lacking !== undefined) return lacking;
  }
  return undefined;
}

/** What APISIX logs where no format says otherwise (`get_full_log` of apisix/utils/log-util.lua). */
export function fullEntry(exchange: Exchange, bodies: LoggedBodies, now: number): Record<string, unknown> {
  const { client, request, response, route, consumer } = exchange;
  const latency = performance.now() - exchange.startedAt;
  const upstreamLatency = exchange.upstreamResponseMs;
  return {
    request: {
      url: textOf(`${exchange.scheme}://${exchange.host}:${exchange.serverPort}${client.target}`),
      uri: textOf(client.target),
      method: request.method,
      headers: { ...fieldsOf(request.headers), ...forwardedFields(exchange) },
      querystring: argumentsOf(exchange),
      size: exchange.requestBytes,
      body: bodies.request,
    },
    response: {
      status: response?.status ?? 499,
      headers: response === undefined ? {} : fieldsOf(response.headers),
      size: exchange.answerBytes,
      body: bodies.response,
    },
    server: { hostname: hostname(), version: SERVER },
    upstream: exchange.upstreamAddress,
    service_id: route === undefined ? exchange.host : (route.serviceId ?? ''),
    route_id: route?.id,
    ...(consumer === undefined ? {} : { consumer: { username: consumer.username } }),
    client_ip: exchange.remoteAddress,
    start_time: Math.round(now - latency),
    latency,
    upstream_latency: upstreamLatency,
    apisix_latency: Math.max(0, latency - (upstreamLatency ?? 0)),
  };
}

const text = (bytes: string | undefined) => (bytes === undefined ? undefined : textOf(bytes));

/** By lower-case name; several of one name as a list. */
function fieldsOf(headers: HeaderList): Record<string, string | string[]> {
  return collected([...headers.entries()].map(([name, value]) => [name.toLowerCase(), textOf(value)]));
}

/** What APISIX has set among the request's fields before it forwards it. */
function forwardedFields({
  request,
  upstreamHost,
  scheme,
  host,
  serverPort,
}: Exchange): Record<string, string> {
  if (upstreamHost === undefined) return {};
  const forwarded = { proto: scheme, host: textOf(host), port: String(serverPort) };
  return Object.fromEntries(
    Object.entries(forwarded)
      .map(([what, value]): [string, string] => [`x-forwarded-${what}`, value])
      .filter(([name]) => !request.headers.has(name)),
  );
}

function argumentsOf({ arguments: given }: Exchange): Record<string, unknown> {
  return collected(
    given.entries().map(([name, value]) => [textOf(name), given.value(name) === true || textOf(value)]),
  );
}

function collected<Value>(pairs: [string, Value][]): Record<string, Value | Value[]> {
  const fields = new Map<string, Value | Value[]>();
  for (const [name, value] of pairs) {
    const before = fields.get(name);
    if (before === undefined) fields.set(name, value);
    else fields.set(name, [...(Array.isArray(before) ? before : [before]), value]);
  }
  return Object.fromEntries(fields);
}
