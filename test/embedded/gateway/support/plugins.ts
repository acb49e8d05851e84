import type { RequestListener } from 'node:http';
import { afterAll, beforeAll, expect } from 'vitest';
import type { GatewayConfiguration } from '../../../../src/embedded/gateway/gateway.ts';
import { startTestGateway, type TestGateway } from './gateway.ts';
import { type RawAnswer, sendRaw } from './raw.ts';
import { startUpstream, type TestUpstream } from './upstream.ts';

/** What the upstream was asked, in text of one character a byte. */
export interface Seen {
  method: string;
  target: string;
  /** Names as they came. */
  headers: [name: string, value: string][];
  body: string;
}

export interface Request {
  method?: string;
  headers?: [name: string, value: string][] | Record<string, string>;
  body?: string;
}

/** One gateway with one upstream for the tests of a file. */
export interface PluginBench {
  readonly gateway: TestGateway;
  readonly upstream: TestUpstream;
  /** What the upstream was asked last; `undefined` when nothing has come since the last `send`. */
  readonly seen: Seen | undefined;
  /** What the upstream does once a request has come whole; at first it answers `upstream`. */
  answer: RequestListener;
  /** Milliseconds since the epoch, as the plugins see them. */
  now: number;
  /** What their samples are drawn by, from 0 to 1. */
  random: number;
  /** Puts a route to the upstream. */
  route(uri: string, plugins: object, more?: object): Promise<void>;
  /** Says why the plugins are refused at a route; an empty text when they are taken. */
  refusal(plugins: object): Promise<string>;
  /** Puts any resource. */
  put(path: string, value: object): Promise<void>;
  /** Sends a request with just these bytes as its target. */
  send(target: string, request?: Request): Promise<RawAnswer>;
  /** The values of a field that the upstream got last, whatever its spelling in capitals. */
  got(name: string): string[];
}

/** Starts before the tests of the file and ends after them. */
export function pluginBench(configuration: Partial<GatewayConfiguration> = {}): PluginBench {
  let gateway: TestGateway;
  let upstream: TestUpstream;
  let seen: Seen | undefined;
  let routes = 0;

  beforeAll(async () => {
    gateway = await startTestGateway(
      configuration,
      () => bench.now,
      () => bench.random,
    );
    upstream = await startUpstream((request, response) => {
      const { rawHeaders } = request;
      let body = '';
      request.setEncoding('latin1').on('data', (chunk: string) => {
        body += chunk;
      });
      request.on('end', () => {
        seen = {
          method: request.method ?? '',
          target: request.url ?? '',
          headers: rawHeaders.flatMap((name, i) =>
            i % 2 === 0 ? [[name, rawHeaders[i + 1] ?? ''] as [string, string]] : [],
          ),
          body,
        };
        bench.answer(request, response);
      });
    });
  });
  afterAll(async () => {
    await gateway.close();
    await upstream.close();
  });

  const bench: PluginBench = {
    answer: (_, response) => response.end('upstream'),
    now: Date.parse('2026-11-20T14:45:07Z'),
    random: 0,
    get gateway() {
      return gateway;
    },
    get upstream() {
      return upstream;
    },
    get seen() {
      return seen;
    },
    async put(path, value) {
      const answer = await gateway.admin('PUT', path, value);
      expect(answer.status, answer.body).toBeLessThan(300);
    },
    route: (uri, plugins, more = {}) =>
      bench.put(`/routes/bench-${routes++}`, {
        uri,
        plugins,
        upstream: { type: 'roundrobin', nodes: { [upstream.address]: 1 } },
        ...more,
      }),
    async refusal(plugins) {
      const answer = await gateway.admin('PUT', '/routes/refused', { uri: '/refused', plugins });
      const { error_msg: message = '' } = JSON.parse(answer.body) as { error_msg?: string };
      return message.replace(/^failed to check the configuration of plugin \S+ err: /, '');
    },
    send(target, { method = 'GET', headers = {}, body = '' } = {}) {
      seen = undefined;
      const fields = Array.isArray(headers) ? headers : Object.entries(headers);
      const named = fields.some(([name]) => /^host$/i.test(name)) ? [] : [['Host', 'gateway.test']];
      const framed = body === '' || fields.some(([name]) => /^transfer-encoding$/i.test(name));
      const length = framed ? [] : [['Content-Length', String(body.length)]];
      const lines = [...named, ...fields, ...length, ['Connection', 'close']];
      const head = [`${method} ${target} HTTP/1.1`, ...lines.map((line) => line.join(': '))].join('\r\n');
      return sendRaw(gateway.port, `${head}\r\n\r\n${body}`);
    },
    got: (name) =>
      (seen?.headers ?? []).flatMap(([each, value]) =>
        each.toLowerCase() === name.toLowerCase() ? [value] : [],
      ),
  };
  return bench;
}
