import { createWriteStream, type WriteStream } from 'node:fs';
import { hostname } from 'node:os';
import { compileExpression, ExpressionError } from '../../../matching/expression.ts';
import type { Exchange } from '../exchange.ts';
import type { Plugin, PluginHost } from '../plugin.ts';
import { SERVER } from '../server-name.ts';
import { variable } from '../variables.ts';

interface FileLogger {
  path: string;
  log_format?: Record<string, string>;
  include_req_body: boolean;
  include_resp_body: boolean;
  match?: unknown[][];
}

const filesKey = {};
/** Where the process's own output goes: the supervisor keeps it. */
const STANDARD_OUTPUT = new Set(['/dev/stdout', '/proc/self/fd/1']);

/** One JSON object a request, in the configured format or APISIX's own. */
export const fileLogger: Plugin<FileLogger> = {
  name: 'file-logger',
  version: 0.1,
  priority: 399,
  schema: {
    type: 'object',
    properties: {
      path: { type: 'string' },
      log_format: { type: 'object' },
      include_req_body: { type: 'boolean', default: false },
      include_req_body_expr: { type: 'array', minItems: 1, items: { type: 'array' } },
      include_resp_body: { type: 'boolean', default: false },
      include_resp_body_expr: { type: 'array', minItems: 1, items: { type: 'array' } },
      match: { type: 'array', maxItems: 20, items: { type: 'array' } },
    },
    required: ['path'],
  },
  metadataSchema: { type: 'object', properties: { log_format: { type: 'object' } } },
  check({ match, include_req_body, include_resp_body }) {
    if (include_req_body === true) return 'property "include_req_body" is not available in this gateway';
    if (include_resp_body === true) return 'property "include_resp_body" is not available in this gateway';
    try {
      if (match !== undefined) compileExpression(match);
      return undefined;
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error;
      return `failed to validate the 'match' expression: ${error.message}`;
    }
  },
  compile(configuration, host) {
    const write = writerFor(configuration.path, host);
    const conditions = configuration.match?.map(compileExpression);
    return {
      log(exchange) {
        if (conditions !== undefined && !conditions.some((holds) => holds(exchange))) return;
        const format =
          configuration.log_format ??
          (host.metadata('file-logger')?.log_format as Record<string, string> | undefined);
        const custom = format !== undefined && Object.keys(format).length > 0;
        write(`${JSON.stringify(custom ? formatted(exchange, format) : full(exchange))}\n`);
      },
    };
  },
};

function writerFor(path: string, host: PluginHost): (line: string) => void {
  if (STANDARD_OUTPUT.has(path)) return (line) => void process.stdout.write(line);
  const files = host.shared(filesKey, () => new Map<string, WriteStream>());
  return (line) => {
    let file = files.get(path);
    if (file === undefined || file.destroyed) {
      file = createWriteStream(path, { flags: 'a' });
      // A log that cannot be written must not end the gateway; it is tried again with the next line.
      file.on('error', () => files.delete(path));
      files.set(path, file);
    }
    file.write(line);
  };
}

/** `$name` stands for a variable; anything else is taken as it is. */
function formatted(exchange: Exchange, format: Record<string, string>): Record<string, unknown> {
  const entry: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(format)) {
    entry[name] = String(value).startsWith('$') ? variable(exchange, String(value).slice(1)) : value;
  }
  return { ...entry, service_id: exchange.route?.serviceId, route_id: exchange.route?.id };
}

function full(exchange: Exchange): Record<string, unknown> {
  const { incoming, response, route, consumer } = exchange;
  const latency = performance.now() - exchange.startedAt;
  const upstreamLatency = exchange.upstreamLatencyMs;
  return {
    request: {
      url: `${exchange.scheme}://${exchange.host}:${exchange.serverPort}${incoming.url}`,
      uri: incoming.url,
      method: incoming.method,
      headers: incoming.headers,
      querystring: Object.fromEntries(exchange.arguments),
    },
    response: {
      status: response?.status ?? 499,
      headers: Object.fromEntries(response?.headers.entries() ?? []),
      size: exchange.bytesSent,
    },
    server: { hostname: hostname(), version: SERVER },
    upstream: exchange.upstreamAddress,
    service_id: route === undefined ? exchange.host : (route.serviceId ?? ''),
    route_id: route?.id,
    ...(consumer === undefined ? {} : { consumer: { username: consumer.username } }),
    client_ip: exchange.remoteAddress,
    start_time: Math.round(Date.now() - latency),
    latency,
    upstream_latency: upstreamLatency,
    apisix_latency: Math.max(0, latency - (upstreamLatency ?? 0)),
  };
}
