import { Agent } from 'node:http';
import { Agent as TlsAgent } from 'node:https';
import { messageOf } from '../../../errors.ts';
import { bytesOf } from '../../../matching/bytes.ts';
import type { Answer } from '../answer.ts';
import type { Exchange } from '../exchange.ts';
import { HeaderList } from '../http/header-list.ts';
import type { Plugin, PluginHost } from '../plugin.ts';
import { askOutbound, type OutboundAnswer } from '../plugin-support/outbound.ts';
import { readBody } from '../plugin-support/read-body.ts';
import { type Template, template } from '../template.ts';

interface ForwardAuth {
  uri: string;
  allow_degradation: boolean;
  status_on_error: number;
  ssl_verify: boolean;
  request_method: 'GET' | 'POST';
  request_headers: string[];
  extra_headers?: Record<string, string>;
  upstream_headers: string[];
  client_headers: string[];
  timeout: number;
  keepalive: boolean;
  keepalive_timeout: number;
  keepalive_pool: number;
}

/** A longer refusal is cut off. */
const MOST_ANSWER_BYTES = 1024 * 1024;
const FIRST_REFUSAL = 300;

const agentsKey = {};
const names = (description: string) => ({
  type: 'array',
  default: [],
  items: { type: 'string' },
  description,
});

/**
 * Asks an authorization service about each request. The fields that the upstream gets of its answer are the service's alone:
 * a client's own under these names go, also where the service says nothing under them (in APISIX they stay then).
 */
export const forwardAuth: Plugin<ForwardAuth> = {
  name: 'forward-auth',
  version: 0.1,
  priority: 2002,
  schema: {
    type: 'object',
    properties: {
      uri: { type: 'string' },
      allow_degradation: { type: 'boolean', default: false },
      status_on_error: { type: 'integer', minimum: 200, maximum: 599, default: 403 },
      ssl_verify: { type: 'boolean', default: true },
      request_method: {
        type: 'string',
        default: 'GET',
        enum: ['GET', 'POST'],
        description: 'the method for client to request the authorization service',
      },
      request_headers: names('client request header that will be sent to the authorization service'),
      extra_headers: {
        type: 'object',
        minProperties: 1,
        patternProperties: { '^[^:]+$': { type: 'string' } },
        description: 'extra headers sent to the authorization service; values may hold variables',
      },
      upstream_headers: names('authorization response header that will be sent to the upstream'),
      client_headers: names(
        'authorization response header that will be sent tothe client when authorizing failed',
      ),
      timeout: {
        type: 'integer',
        minimum: 1,
        maximum: 60_000,
        default: 3000,
        description: 'timeout in milliseconds',
      },
      keepalive: { type: 'boolean', default: true },
      keepalive_timeout: { type: 'integer', minimum: 1000, default: 60_000 },
      keepalive_pool: { type: 'integer', minimum: 1, default: 5 },
    },
    required: ['uri'],
  },
  check: ({ uri }) =>
    URL.canParse(uri) && /^https?:$/.test(new URL(uri).protocol) ? undefined : `invalid uri ${uri}`,
  fieldsOf: ({ extra_headers: extra = {}, ...lists }) => [
    ...Object.entries(extra as object),
    ...['request_headers', 'upstream_headers', 'client_headers']
      .flatMap((list) => (lists[list] as string[] | undefined) ?? [])
      .map((name): [string, string] => [name, '']),
  ],
  compile(configuration, host) {
    const { request_method: method, status_on_error: failed, client_headers: told } = configuration;
    const url = new URL(configuration.uri);
    const extra = Object.entries(configuration.extra_headers ?? {}).map(
      ([name, value]) => [name, template(value)] as const,
    );
    const agent = configuration.keepalive ? agentOf(configuration, url.protocol, host) : undefined;
    const refusals = {};

    async function ask(exchange: Exchange, body: Buffer | undefined): Promise<Answer | undefined> {
      let answer: OutboundAnswer;
      try {
        answer = await askOutbound(
          url,
          url.pathname + url.search,
          {
            method,
            headers: questionOf(exchange, url, configuration, extra, body).flat,
            body,
            timeoutMs: configuration.timeout,
            verify: configuration.ssl_verify,
            ...(agent === undefined ? {} : { agent }),
          },
          MOST_ANSWER_BYTES,
        );
      } catch (error) {
        host.log('warn', `failed to process forward auth, err: ${messageOf(error)}`);
        return configuration.allow_degradation ? undefined : { status: failed };
      }
      if (answer.status < FIRST_REFUSAL) {
        vouch(exchange, answer, configuration.upstream_headers);
        return undefined;
      }
      exchange.note(refusals, answer.headers);
      return { status: answer.status, body: answer.body };
    }
    return {
      access: (exchange) =>
        method === 'POST' ? readBody(exchange, (body) => ask(exchange, body)) : ask(exchange, undefined),
      headerFilter(exchange) {
        const headers = exchange.noted(refusals) as HeaderList | undefined;
        if (headers === undefined) return;
        for (const name of told) {
          const values = headers.all(name);
          if (values.length > 0) exchange.response?.headers.remove(name);
          for (const value of values) exchange.response?.headers.append(name, value);
        }
      },
    };
  },
};

/** What the service is told: of the request itself first, which nobody else says. */
function questionOf(
  exchange: Exchange,
  url: URL,
  { request_headers: copied }: ForwardAuth,
  extra: readonly (readonly [string, Template])[],
  body: Buffer | undefined,
): HeaderList {
  const { headers, method } = exchange.request;
  const question = new HeaderList();
  question.append('X-Forwarded-Proto', exchange.scheme);
  question.append('X-Forwarded-Method', method);
  question.append('X-Forwarded-Host', exchange.host);
  question.append('X-Forwarded-Uri', exchange.variable('request_uri') ?? '');
  question.append('X-Forwarded-For', exchange.remoteAddress);
  if (body !== undefined) question.append('Content-Encoding', headers.get('Content-Encoding') ?? '');
  for (const [name, value] of extra) question.put(name, value.render(exchange));
  for (const name of copied) if (!question.has(name)) question.append(name, headers.get(name) ?? '');
  for (const name of ['Connection', 'Transfer-Encoding', 'Expect']) question.remove(name);
  if (!question.has('Host')) question.append('Host', bytesOf(url.host));
  if (body === undefined) question.remove('Content-Length');
  else question.put('Content-Length', String(body.length));
  return question;
}

/** Gives the upstream what the service has said under these names. */
function vouch({ request }: Exchange, answer: OutboundAnswer, fields: readonly string[]): void {
  request.headers.removeVouched(...fields);
  for (const name of fields) {
    for (const value of answer.headers.all(name)) request.headers.append(name, value);
  }
}

/** One for all configurations that keep connections in the same way; it ends with the gateway. */
function agentOf(configuration: ForwardAuth, protocol: string, host: PluginHost): Agent {
  const agents = host.shared(agentsKey, () => {
    const all = new Map<string, Agent>();
    host.onClose(async () => {
      for (const agent of all.values()) agent.destroy();
    });
    return all;
  });
  const { keepalive_timeout: timeout, keepalive_pool: maxFreeSockets, ssl_verify: verify } = configuration;
  const key = [protocol, timeout, maxFreeSockets, verify].join();
  let agent = agents.get(key);
  if (agent === undefined) {
    const options = { keepAlive: true, timeout, maxFreeSockets };
    agent =
      protocol === 'https:' ? new TlsAgent({ ...options, rejectUnauthorized: verify }) : new Agent(options);
    agents.set(key, agent);
  }
  return agent;
}
