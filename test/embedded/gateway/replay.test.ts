import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PLUGINS } from '../../../src/embedded/gateway/plugin-registry.ts';
import { startTestGateway, type TestGateway } from './support/gateway.ts';
import { exchange } from './support/http.ts';
import { type Recorded, readRecording } from './support/recording.ts';
import { comparedHeaders, NOT_REPLAYED, normalised, OTHERWISE } from './support/replay.ts';
import { startUpstream, type TestUpstream } from './support/upstream.ts';

/** The recordings that belong together, in the order in which they were made. */
const SESSIONS = [
  [
    '01-auth.txt',
    '02-routes.txt',
    '03-route-errors.txt',
    '04-upstreams-services.txt',
    '05-consumers.txt',
    '06-other-resources.txt',
  ],
  ['10-plugins.txt'],
];
const RECORDED_KEY = 'edd1c9f034335f136f87ad84b625c8f1';
const RECORDED_PORTS = [1980, 1981];

/** What the upstream of the recording answered at that port. */
async function answerAsRecorded(
  port: number,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = await text(request);
  const { url = '/', method, headers, rawHeaders } = request;
  if (url.startsWith('/echo/') || url.startsWith('/pr/')) {
    const names = rawHeaders.filter((_, index) => index % 2 === 0);
    const seen = Object.fromEntries(names.map((name) => [name, headers[name.toLowerCase()]]));
    delete seen.connection;
    // undici spells Host its own way, and says of a POST without a body that it has none.
    if (seen.host !== undefined) seen.Host = seen.host;
    delete seen.host;
    if (seen['content-length'] === '0') delete seen['content-length'];
    response.setHeader('X-Upstream-Port', String(port));
    response.setHeader('Content-Type', 'application/json');
    response.end(
      `${JSON.stringify({ uri: url, headers: seen, port: String(port), method, body: body || undefined })}\n`,
    );
    return;
  }
  response.setHeader('Content-Type', 'text/plain; charset=utf-8');
  const status = /^\/status\/(\d+)/.exec(url)?.[1];
  if (status !== undefined) {
    response.writeHead(Number(status)).end(`status ${status}\n`);
    return;
  }
  const code = /^\/code\?c=(\d+)/.exec(url)?.[1];
  if (code !== undefined) {
    response.writeHead(Number(code)).end(`code ${code}\n`);
    return;
  }
  if (url.startsWith('/echo_h')) {
    const told = `${method} ${url} host=${headers.host?.replace(/:\d+$/, '')} xff=${headers['x-forwarded-for']}\n`;
    response.end(
      url === '/echo_h' && method === 'GET' && headers.host?.startsWith('127') ? told : 'hello upstream\n',
    );
    return;
  }
  response.end('hello upstream\n');
}

describe.each(SESSIONS.map((files) => ({ files })))('APISIX 3.14.1, as recorded in $files', ({ files }) => {
  let gateway: TestGateway;
  let upstreams: { recordedPort: number; upstream: TestUpstream }[];
  const ids = new Map<string, string>();
  const recordings = files.map(readRecording);
  /** The time of the recording: what counts by the clock waits as long as it did then. */
  let recordedNow = Date.now();
  /** The URIs of the prepared routes that are refused because of a plugin. */
  const refused = new Map(
    recordings
      .flatMap(({ prepared }) => prepared)
      .filter(({ path }) => path.startsWith('/routes/'))
      .flatMap(({ body }) => {
        const lacking = lackingPlugin(body);
        return lacking === undefined ? [] : [[(JSON.parse(body) as { uri: string }).uri, lacking] as const];
      }),
  );

  beforeAll(async () => {
    gateway = await startTestGateway({ adminKey: RECORDED_KEY, tlsPort: 0 }, () => recordedNow);
    upstreams = await Promise.all(
      RECORDED_PORTS.map(async (recordedPort) => ({
        recordedPort,
        upstream: await startUpstream((request, response) =>
          answerAsRecorded(recordedPort, request, response),
        ),
      })),
    );
  });
  afterAll(async () => {
    await gateway.close();
    await Promise.all(upstreams.map(({ upstream }) => upstream.close()));
  });

  /** Recorded addresses and ids into those of this run. */
  function here(text: string): string {
    let result = text;
    for (const { recordedPort, upstream } of upstreams) {
      result = result
        .replaceAll(`127.0.0.1:${recordedPort}`, upstream.address)
        .replaceAll(`"port":${recordedPort}`, `"port":${upstream.port}`);
    }
    for (const [recorded, ours] of ids) result = result.replaceAll(recorded, ours);
    return result;
  }

  const hereUrl = (url: string) =>
    url
      .replace('127.0.0.1:9080', `127.0.0.1:${gateway.port}`)
      .replace(/127\.0\.0\.1:(9180|7085)/, `127.0.0.1:${gateway.adminPort}`);

  /** As curl does, which says so of each body. */
  const send = ({ url, method, headers, body }: Recorded) =>
    exchange(hereUrl(here(url)), {
      method,
      headers: {
        'User-Agent': 'curl/7.88.1',
        Accept: '*/*',
        ...(body === undefined ? {} : { 'Content-Type': 'application/x-www-form-urlencoded' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: here(body) }),
    });

  it('refuses by name the prepared resources that need plugins it does not have, and takes the others', async () => {
    for (const { path, body } of recordings.flatMap(({ prepared }) => prepared)) {
      const lacking = lackingPlugin(body);
      const answer = await gateway.admin('PUT', path, withoutForeignAuth(path, here(body)));
      if (lacking === undefined || path === '/consumers') {
        expect({ path, status: answer.status }).toEqual({ path, status: 201 });
      } else {
        expect(answer.status).toBe(400);
        expect(answer.body).toContain(`unknown plugin [${lacking}]`);
      }
    }
  });

  /** The recorded consumer has four ways to authenticate; only the key is ours. */
  function withoutForeignAuth(path: string, body: string): string {
    if (path !== '/consumers') return body;
    const value = JSON.parse(body) as { plugins: Record<string, unknown> };
    const plugins = Object.fromEntries(Object.entries(value.plugins).filter(([name]) => PLUGINS.has(name)));
    return JSON.stringify({ ...value, plugins });
  }

  const skipped = new Map<string, string[]>();

  /** Why a request is not replayed; `undefined` when it is. */
  function reason(recorded: Recorded): string | undefined {
    const rule = NOT_REPLAYED.find((each) => each.is(recorded));
    if (rule !== undefined) return rule.because;
    if (!recorded.url.includes(':9080/')) return undefined;
    const path = new URL(recorded.url).pathname;
    const needs = [...refused].find(
      ([uri]) => path === uri || (uri.endsWith('*') && path.startsWith(uri.slice(0, -1))),
    );
    return needs && `its route is refused by name: unknown plugin [${needs[1]}]`;
  }

  for (const recorded of recordings.flatMap(({ requests }) => requests)) {
    const because = reason(recorded);
    if (because !== undefined) {
      const line = `${recorded.file} · ${recorded.title} · ${recorded.method} ${recorded.url}`;
      skipped.set(because, [...(skipped.get(because) ?? []), line]);
      continue;
    }

    it(`${recorded.title}: ${recorded.method} ${recorded.url}`, async () => {
      recordedNow = Date.parse(recorded.answerHeaders.date ?? '') || recordedNow;
      const answer = await send(recorded);
      const lacking = lackingPlugin(recorded.body);
      if (lacking !== undefined) {
        expect(answer.status).toBe(400);
        expect(answer.body).toContain(`unknown plugin [${lacking}]`);
        return;
      }
      const otherwise = OTHERWISE.find((each) => each.is(recorded));
      if (otherwise !== undefined) {
        expect(answer.status).toBe(otherwise.status);
        return;
      }
      if (recorded.method === 'POST' && answer.status === 201) learnId(recorded.answer, answer.body);
      expect({
        status: answer.status,
        body: comparable(recorded, answer.body),
        headers: comparedHeaders(answer.headers, (value) =>
          value.replace(`127.0.0.1:${gateway.tlsPort}/`, '127.0.0.1:9443/'),
        ),
      }).toEqual({
        status: recorded.status,
        body: comparable(recorded, here(recorded.answer)),
        headers: comparedHeaders(recorded.answerHeaders),
      });
    });
  }

  function learnId(recorded: string, ours: string): void {
    const idOf = (body: string) => (JSON.parse(body) as { value: { id: string } }).value.id;
    ids.set(idOf(recorded), idOf(ours));
  }

  function comparable(recorded: Recorded, body: string): unknown {
    const parsed = json(body);
    if (parsed === undefined) return body.trim().replaceAll('\r\n', '\n');
    const text = JSON.stringify(normalised(parsed, recorded.method === 'PUT'));
    return JSON.parse(
      text
        .replaceAll(`127.0.0.1:${gateway.port}`, '127.0.0.1:9080')
        .replaceAll(`"X-Forwarded-Port":"${gateway.port}"`, '"X-Forwarded-Port":"9080"'),
    );
  }

  it('says what it leaves out', () => {
    for (const [because, lines] of skipped) {
      process.stderr.write(`not replayed (${lines.length}), because ${because}\n`);
    }
    const stale = NOT_REPLAYED.filter(
      (rule) => files.length > 1 && rule.session === 'admin' && !skipped.has(rule.because),
    );
    expect(stale).toEqual([]);
  });
});

/** The first plugin of a configuration that this gateway does not have. */
function lackingPlugin(body: string | undefined): string | undefined {
  const names = Object.keys((json(body ?? '') as { plugins?: object } | undefined)?.plugins ?? {});
  return names.find((name) => !PLUGINS.has(name));
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
