import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/** A gateway that speaks APISIX's Admin API: the embedded one, or a real APISIX. */
export interface GatewayUnderTest {
  name: string;
  /** With `/apisix/admin`, without a slash at the end. */
  adminUrl: string;
  adminKey: string;
  proxyUrl: string;
  /** Where it takes TLS. */
  tls?: { host: string; port: number };
}

/** APISIX watches etcd: a change is in force a moment after it was acknowledged. */
const IN_FORCE_WITHIN_MS = 3000;

interface Seen {
  method: string | undefined;
  url: string | undefined;
  headers: IncomingMessage['headers'];
  body: string;
}

/** What any gateway must do with the resources and plugins of this stack; `target` is asked when the tests run. */
export function gatewayConformance(name: string, target: () => GatewayUnderTest): void {
  describe(`gateway conformance: ${name}`, () => {
    const run = `qbtc-conformance-${process.pid}`;
    const created: string[] = [];
    let upstream: Server;
    let address: string;
    let aborted = 0;

    beforeAll(async () => {
      upstream = createServer((incoming, response) => serve(incoming, response, () => aborted++));
      await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
      address = `127.0.0.1:${(upstream.address() as AddressInfo).port}`;
    });

    afterAll(async () => {
      for (const path of created.reverse()) await admin('DELETE', `${path}?force=true`);
      upstream.closeAllConnections();
      await new Promise((resolve) => upstream.close(resolve));
    });

    async function admin(method: string, path: string, body?: unknown) {
      const { adminUrl, adminKey } = target();
      const response = await fetch(adminUrl + path, {
        method,
        headers: { 'X-API-KEY': adminKey },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      return {
        status: response.status,
        body: text === '' ? undefined : (JSON.parse(text) as Record<string, unknown>),
      };
    }

    async function put(path: string, body: unknown) {
      const answer = await admin('PUT', path, body);
      expect(answer, JSON.stringify(answer.body)).toMatchObject({ status: expect.toBeOneOf([200, 201]) });
      created.push(path);
      return answer;
    }

    const nodes = () => ({ type: 'roundrobin', nodes: { [address]: 1 } });
    const id = (word: string) => `${run}-${word}`;
    const uri = (word: string) => `/${run}/${word}`;
    const ask = (path: string, init?: RequestInit) => fetch(target().proxyUrl + path, init);
    const seenBy = async (response: Response) => (await response.json()) as Seen;

    /** Asks until the answer is as expected, and gives that one; the change before it may not be in force yet. */
    async function askUntil(path: string, status: number, init?: RequestInit): Promise<Response> {
      const deadline = Date.now() + IN_FORCE_WITHIN_MS;
      for (;;) {
        const response = await ask(path, init);
        if (response.status === status || Date.now() > deadline) {
          expect(response.status).toBe(status);
          return response;
        }
        await response.arrayBuffer();
        await sleep(50);
      }
    }

    it('refuses a wrong key', async () => {
      const response = await fetch(`${target().adminUrl}/routes`, { headers: { 'X-API-KEY': 'wrong' } });
      expect(response.status).toBe(401);
      expect(await response.json()).toEqual({
        error_msg: 'failed to check token',
        description: 'wrong apikey',
      });
    });

    it('creates, reads, updates, patches and deletes a route', async () => {
      const path = `/routes/${id('crud')}`;
      const first = await admin('PUT', path, { uri: uri('crud'), upstream: nodes() });
      created.push(path);
      expect(first.status).toBe(201);
      expect(first.body).toMatchObject({
        key: `/apisix${path}`,
        value: { id: id('crud'), uri: uri('crud') },
      });
      const second = await admin('PUT', path, { uri: uri('crud'), name: 'n', upstream: nodes() });
      expect(second.status).toBe(200);
      expect((await admin('PATCH', path, { name: 'patched' })).status).toBe(200);
      const read = await admin('GET', path);
      expect(read.status).toBe(200);
      expect(read.body).toMatchObject({ value: { name: 'patched' }, createdIndex: expect.any(Number) });
      expect(await admin('DELETE', path)).toEqual({
        status: 200,
        body: { key: `/apisix${path}`, deleted: '1' },
      });
      expect(await admin('GET', path)).toEqual({ status: 404, body: { message: 'Key not found' } });
    });

    it('refuses dangling references, unknown plugins and broken configurations with the reason', async () => {
      const path = `/routes/${id('bad')}`;
      expect(await admin('PUT', path, { uri: uri('bad'), upstream_id: 'nowhere' })).toEqual({
        status: 400,
        body: { error_msg: 'failed to fetch upstream info by upstream id [nowhere], response code: 404' },
      });
      expect(
        await admin('PUT', path, { uri: uri('bad'), plugins: { 'no-such': {} }, upstream: nodes() }),
      ).toEqual({
        status: 400,
        body: { error_msg: 'unknown plugin [no-such]' },
      });
      const limited = {
        uri: uri('bad'),
        plugins: { 'limit-count': { count: 0, time_window: 1 } },
        upstream: nodes(),
      };
      expect((await admin('PUT', path, limited)).status).toBe(400);
    });

    it('does not delete what is in use', async () => {
      await put(`/upstreams/${id('used')}`, nodes());
      await put(`/services/${id('user')}`, { upstream_id: id('used') });
      await put(`/routes/${id('user')}`, { uri: uri('used'), service_id: id('user') });
      await askUntil(uri('used'), 200);
      expect((await admin('DELETE', `/services/${id('user')}`)).status).toBe(400);
      expect((await admin('DELETE', `/upstreams/${id('used')}`)).status).toBe(400);
    });

    it('answers 404 where no route matches', async () => {
      const response = await ask(uri('nothing-here'));
      expect(response.status).toBe(404);
      expect(await response.text()).toBe('{"error_msg":"404 Route Not Found"}\n');
    });

    it('matches exact before prefix, the longest prefix first, and by method and host', async () => {
      const mark = (word: string) => ({ 'response-rewrite': { headers: { set: { 'X-Route': word } } } });
      const route = (word: string, rest: object) =>
        put(`/routes/${id(word)}`, { plugins: mark(word), upstream: nodes(), ...rest });
      await route('prefix', { uri: uri('m/*') });
      await route('longer', { uri: uri('m/long/*') });
      await route('exact', { uri: uri('m/exact') });
      await route('posts', { uri: uri('m/*'), methods: ['POST'], priority: 5 });
      await route('hosted', { uri: uri('hosted'), host: 'hosted.example' });
      await route('hosted-prefix', { uri: uri('byhost/*'), host: 'hosted.example' });
      await route('any-exact', { uri: uri('byhost/exact') });
      await askUntil(uri('hosted'), 404);
      const routeOf = async (path: string, init?: RequestInit) => {
        const response = await askUntil(path, 200, init);
        await response.arrayBuffer();
        return response.headers.get('x-route');
      };
      const hosted = await rawGet(target().proxyUrl, uri('hosted'), { Host: 'hosted.example' });
      expect(hosted.headers['x-route']).toBe('hosted');
      const other = await rawGet(target().proxyUrl, uri('byhost/other'), { Host: 'hosted.example' });
      expect(other.headers['x-route']).toBe('hosted-prefix');
      expect(await routeOf(uri('m/exact'))).toBe('exact');
      expect(await routeOf(uri('m/long/x'))).toBe('longer');
      expect(await routeOf(uri('m/other'))).toBe('prefix');
      expect(await routeOf(uri('m/other'), { method: 'POST' })).toBe('posts');
    });

    it('tells the upstream who asked, and keeps path, query, body and headers', async () => {
      await put(`/routes/${id('echo')}`, { uri: uri('echo/*'), upstream: nodes() });
      const response = await askUntil(uri('echo/a%20b?q=1&q=2'), 200, {
        method: 'POST',
        headers: { 'Content-Type': 'text/plain', 'X-Own': 'kept' },
        body: 'the body',
      });
      const seen = await seenBy(response);
      expect(seen).toMatchObject({ method: 'POST', url: uri('echo/a%20b?q=1&q=2'), body: 'the body' });
      expect(seen.headers).toMatchObject({
        'x-own': 'kept',
        host: new URL(target().proxyUrl).host,
        'x-forwarded-proto': 'http',
        'x-forwarded-host': new URL(target().proxyUrl).hostname,
        'x-forwarded-port': new URL(target().proxyUrl).port,
      });
      expect(seen.headers['x-forwarded-for']).toBe(seen.headers['x-real-ip']);
    });

    it('does not pass hop-by-hop fields on, nor those that Connection names', async () => {
      await put(`/routes/${id('hops')}`, { uri: uri('hops'), upstream: nodes() });
      await askUntil(uri('hops'), 200);
      const answer = await rawGet(target().proxyUrl, uri('hops'), { 'Keep-Alive': 'timeout=5', TE: 'gzip' });
      const { headers } = JSON.parse(answer.body) as Seen;
      expect(headers['keep-alive']).toBeUndefined();
      expect(headers.te).toBeUndefined();
    });

    it('authenticates by key, for consumers and credentials, and hides the key', async () => {
      const [user, key, bearer] = [`u_${process.pid}`, `key-${run}`, `Bearer key-${run}`];
      await put(`/consumers/${user}`, { username: user, plugins: { 'key-auth': { key } } });
      await put(`/consumers/${user}/credentials/bearer`, { plugins: { 'key-auth': { key: bearer } } });
      await put(`/routes/${id('auth')}`, {
        uri: uri('auth'),
        plugins: { 'key-auth': {} },
        upstream: nodes(),
      });
      await put(`/routes/${id('bearer')}`, {
        uri: uri('bearer'),
        plugins: { 'key-auth': { header: 'authorization', hide_credentials: true } },
        upstream: nodes(),
      });
      const missing = await askUntil(uri('auth'), 401);
      expect(await missing.json()).toEqual({ message: 'Missing API key in request' });
      const wrong = await ask(uri('auth'), { headers: { apikey: 'wrong' } });
      expect([wrong.status, await wrong.json()]).toEqual([401, { message: 'Invalid API key in request' }]);
      const right = await seenBy(await askUntil(uri('auth'), 200, { headers: { apikey: key } }));
      expect(right.headers).toMatchObject({ apikey: key, 'x-consumer-username': user });
      const hidden = await seenBy(await askUntil(uri('bearer'), 200, { headers: { Authorization: bearer } }));
      expect(hidden.headers.authorization).toBeUndefined();
      expect((await ask(`${uri('auth')}?apikey=${key}`)).status).toBe(200);
    });

    it('limits each consumer by its own count, and the consumer’s own limit wins over the route’s', async () => {
      const plugins = { 'key-auth': {}, 'limit-count': limit(1) };
      await put(`/routes/${id('limit')}`, { uri: uri('limit'), plugins, upstream: nodes() });
      for (const [word, own] of [
        ['a', undefined],
        ['b', limit(3)],
      ] as const) {
        const username = `limit_${word}_${process.pid}`;
        const more = own === undefined ? {} : { 'limit-count': own };
        await put(`/consumers/${username}`, {
          username,
          plugins: { 'key-auth': { key: `${run}-${word}` }, ...more },
        });
      }
      const as = (word: string) => ({ headers: { apikey: `${run}-${word}` } });
      const first = await askUntil(uri('limit'), 200, as('a'));
      expect(first.headers.get('x-ratelimit-limit')).toBe('1');
      expect(first.headers.get('x-ratelimit-remaining')).toBe('0');
      const second = await ask(uri('limit'), as('a'));
      expect([second.status, await second.json()]).toEqual([429, { error_msg: 'slow down' }]);
      const other = await askUntil(uri('limit'), 200, as('b'));
      expect(other.headers.get('x-ratelimit-limit')).toBe('3');
    });

    it('tells the quota under the names that the metadata of the plugin has', async () => {
      await put('/plugin_metadata/limit-count', {
        limit_header: 'x-limit-of-requests',
        remaining_header: 'x-requests-left',
        reset_header: 'x-seconds-left',
      });
      const plugins = { 'limit-count': limit(500) };
      await put(`/routes/${id('quota')}`, { uri: uri('quota'), plugins, upstream: nodes() });
      const deadline = Date.now() + IN_FORCE_WITHIN_MS;
      let answer = await askUntil(uri('quota'), 200);
      while (answer.headers.get('x-limit-of-requests') === null && Date.now() < deadline) {
        await sleep(50);
        answer = await ask(uri('quota'));
      }
      await admin('DELETE', '/plugin_metadata/limit-count');
      expect(answer.headers.get('x-limit-of-requests')).toBe('500');
      expect(Number(answer.headers.get('x-requests-left'))).toBeLessThan(500);
      expect(Number(answer.headers.get('x-seconds-left'))).toBeGreaterThan(0);
      expect(answer.headers.get('x-ratelimit-limit')).toBeNull();
    });

    it('answers preflight requests and allows listed origins only', async () => {
      const cors = { allow_origins: 'https://a.example,https://b.example', allow_methods: 'GET' };
      await put(`/routes/${id('cors')}`, { uri: uri('cors'), plugins: { cors }, upstream: nodes() });
      const listed = await askUntil(uri('cors'), 200, {
        method: 'OPTIONS',
        headers: { Origin: 'https://a.example' },
      });
      expect(listed.headers.get('access-control-allow-origin')).toBe('https://a.example');
      const other = await ask(uri('cors'), { headers: { Origin: 'https://c.example' } });
      expect(other.headers.get('access-control-allow-origin')).toBeNull();
      expect(other.headers.get('vary')).toBe('Origin');
    });

    it('answers a preflight request before it asks for a key, and allows the headers that are asked for', async () => {
      await put(`/routes/${id('preflight')}`, {
        uri: uri('preflight'),
        methods: ['POST', 'OPTIONS'],
        plugins: {
          cors: { allow_headers: '**' },
          'key-auth': { header: 'authorization', hide_credentials: true },
          'limit-count': limit(1),
        },
        upstream: nodes(),
      });
      const preflight = await askUntil(uri('preflight'), 200, {
        method: 'OPTIONS',
        headers: {
          Origin: 'https://a.example',
          'Access-Control-Request-Method': 'POST',
          'Access-Control-Request-Headers': 'authorization,content-type',
        },
      });
      expect(await preflight.text()).toBe('');
      expect(preflight.headers.get('access-control-allow-origin')).toBe('*');
      expect(preflight.headers.get('access-control-allow-headers')).toBe('authorization,content-type');
      expect(preflight.headers.get('x-ratelimit-limit')).toBeNull();
      const refused = await ask(uri('preflight'), {
        method: 'POST',
        headers: { Origin: 'https://a.example' },
      });
      expect(refused.status).toBe(401);
      expect(refused.headers.get('access-control-allow-origin')).toBe('*');
    });

    it('gives requests an id, and keeps the client’s', async () => {
      await put(`/routes/${id('rid')}`, {
        uri: uri('rid'),
        plugins: { 'request-id': {} },
        upstream: nodes(),
      });
      const given = await askUntil(uri('rid'), 200);
      expect(given.headers.get('x-request-id')).toBe((await seenBy(given)).headers['x-request-id']);
      const kept = await ask(uri('rid'), { headers: { 'X-Request-Id': 'mine' } });
      expect(kept.headers.get('x-request-id')).toBe('mine');
    });

    it('rewrites requests and responses', async () => {
      await put(`/routes/${id('rewrite')}`, {
        uri: uri('rw/*'),
        plugins: {
          'proxy-rewrite': {
            regex_uri: [`^${uri('rw')}/(.*)`, '/new/$1'],
            host: 'new.example',
            headers: { set: { 'X-Set': 'for-$remote_addr' }, remove: ['X-Gone'] },
          },
          'response-rewrite': { headers: { set: { 'X-Status': '$status' } } },
        },
        upstream: nodes(),
      });
      const response = await askUntil(uri('rw/x?y=1'), 200, { headers: { 'X-Gone': '1' } });
      expect(response.headers.get('x-status')).toBe('200');
      const seen = await seenBy(response);
      expect(seen.url).toBe('/new/x?y=1');
      expect(seen.headers).toMatchObject({ host: 'new.example', 'x-set': expect.stringMatching(/^for-\d/) });
      expect(seen.headers['x-gone']).toBeUndefined();
    });

    it('spreads requests by weight', async () => {
      const other = createServer((_, response) => response.end('other'));
      await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
      const second = `127.0.0.1:${(other.address() as AddressInfo).port}`;
      const weighted = { type: 'roundrobin', nodes: { [address]: 1, [second]: 3 } };
      await put(`/routes/${id('weights')}`, { uri: uri('weights'), upstream: weighted });
      await askUntil(uri('weights'), 200);
      let others = 0;
      for (let i = 0; i < 40; i++) if ((await (await ask(uri('weights'))).text()) === 'other') others++;
      expect(others).toBeGreaterThanOrEqual(28);
      expect(others).toBeLessThanOrEqual(32);
      other.closeAllConnections();
      await new Promise((resolve) => other.close(resolve));
    });

    it('goes to the next node when one cannot be reached, and says 502 when none can', async () => {
      const closed = await closedPort();
      const broken = { type: 'roundrobin', nodes: { [`127.0.0.1:${closed}`]: 100, [address]: 1 } };
      await put(`/routes/${id('retry')}`, { uri: uri('retry'), upstream: broken });
      await askUntil(uri('retry'), 200);
      for (let i = 0; i < 5; i++) {
        const response = await ask(uri('retry'), { method: 'POST', body: 'kept' });
        expect([response.status, (await seenBy(response)).body]).toEqual([200, 'kept']);
      }
      const none = { type: 'roundrobin', nodes: { [`127.0.0.1:${closed}`]: 1 } };
      await put(`/routes/${id('down')}`, { uri: uri('down'), upstream: none });
      const down = await askUntil(uri('down'), 502);
      expect(down.headers.get('x-apisix-upstream-status')).toBe('502');
    });

    it('gives up on a node that does not answer in time: 504', async () => {
      const timeout = { connect: 1, send: 1, read: 0.3 };
      await put(`/routes/${id('hang')}`, { uri: uri('hang'), timeout, upstream: nodes() });
      const response = await askUntil(uri('hang'), 504);
      expect(response.headers.get('x-apisix-upstream-status')).toBe('504');
    });

    it('passes events on as they come', async () => {
      await put(`/routes/${id('events')}`, { uri: uri('events'), upstream: nodes() });
      const response = await askUntil(uri('events'), 200);
      const reader = (response.body as ReadableStream<Uint8Array>).getReader();
      const first = await reader.read();
      expect(Buffer.from(first.value ?? []).toString()).toBe('data: 1\n\n');
      const before = aborted;
      await reader.cancel();
      await expect.poll(() => aborted, { timeout: IN_FORCE_WITHIN_MS }).toBe(before + 1);
    });

    it('cuts the client’s connection when the upstream breaks off', async () => {
      await put(`/routes/${id('breaks')}`, { uri: uri('breaks'), upstream: nodes() });
      const response = await askUntil(uri('breaks'), 200);
      await expect(response.text()).rejects.toThrow();
    });

    it('passes large bodies both ways', async () => {
      await put(`/routes/${id('large')}`, { uri: uri('large'), upstream: nodes() });
      const body = Buffer.alloc(3_000_000, 'x');
      const response = await askUntil(uri('large'), 200, { method: 'POST', body });
      expect(Buffer.from(await response.arrayBuffer()).equals(body)).toBe(true);
    });

    it('serves the OpenAI client with its Bearer key, plain, streamed and refused', async () => {
      const [user, key] = [`openai_${process.pid}`, `sk-${run}`];
      await put(`/consumers/${user}`, { username: user });
      await put(`/consumers/${user}/credentials/bearer`, {
        plugins: { 'key-auth': { key: `Bearer ${key}` } },
      });
      await put(`/routes/${id('openai')}`, {
        uri: uri('v1/*'),
        plugins: { cors: {}, 'key-auth': { header: 'authorization', hide_credentials: true } },
        upstream: nodes(),
      });
      await askUntil(uri('v1/chat/completions'), 200, {
        method: 'POST',
        headers: { Authorization: `Bearer ${key}` },
      });
      const client = (apiKey: string) =>
        new OpenAI({ apiKey, baseURL: `${target().proxyUrl}${uri('v1')}`, maxRetries: 0 });
      const stream = await client(key).chat.completions.create({ model: 'm', messages: [], stream: true });
      const words: string[] = [];
      for await (const chunk of stream) words.push(chunk.choices[0]?.delta.content ?? '');
      expect(words.join('')).toBe('one two three');
      const refused = client('wrong').chat.completions.create({ model: 'm', messages: [] });
      await expect(refused).rejects.toBeInstanceOf(OpenAI.AuthenticationError);
    });

    function serve(incoming: IncomingMessage, response: ServerResponse, onAborted: () => void): void {
      const { url = '' } = incoming;
      if (url === uri('hang')) return;
      if (url === uri('breaks')) {
        response.writeHead(200, { 'Content-Type': 'text/plain' });
        response.write('half');
        setTimeout(() => response.destroy(), 50);
        return;
      }
      if (url === uri('events')) {
        response.writeHead(200, { 'Content-Type': 'text/event-stream' });
        response.write('data: 1\n\n');
        response.on('close', onAborted);
        return;
      }
      if (url === uri('large')) {
        incoming.pipe(response);
        return;
      }
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('end', () => {
        const body = Buffer.concat(chunks).toString();
        if (url.startsWith(uri('v1/'))) streamCompletion(response);
        else {
          const { method, headers } = incoming;
          response.setHeader('Content-Type', 'application/json');
          response.end(JSON.stringify({ method, url, headers, body } satisfies Seen));
        }
      });
    }
  });
}

const limit = (count: number) => ({
  count,
  time_window: 60,
  key_type: 'var',
  key: 'consumer_name',
  rejected_code: 429,
  rejected_msg: 'slow down',
});

function streamCompletion(response: ServerResponse): void {
  response.writeHead(200, { 'Content-Type': 'text/event-stream' });
  for (const content of ['one ', 'two ', 'three']) {
    response.write(`data: ${JSON.stringify({ choices: [{ index: 0, delta: { content } }] })}\n\n`);
  }
  response.end('data: [DONE]\n\n');
}

/** `fetch` sets Host and connection fields itself. */
function rawGet(base: string, path: string, headers: Record<string, string>) {
  return new Promise<{ headers: IncomingMessage['headers']; body: string }>((resolve, reject) => {
    request(base + path, { headers, agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        body += chunk;
      });
      response.on('end', () => resolve({ headers: response.headers, body }));
    })
      .on('error', reject)
      .end();
  });
}

/** A port that nothing listens on: it was just given back. */
async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
