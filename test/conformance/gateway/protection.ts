import { createServer, type IncomingMessage, request, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { afterAll, describe, expect, it } from 'vitest';
import { certificate } from '../../support/certificate.ts';
import type { GatewayUnderTest } from './suite.ts';

const IN_FORCE_WITHIN_MS = 3000;

/** Balancing, health, protocols and the plugins that protect; in a file of its own because there is much of it. */
export function gatewayProtection(name: string, target: () => GatewayUnderTest): void {
  describe(`gateway conformance: ${name}, balancing, protocols and protection`, () => {
    const run = `qbtc-protection-${process.pid}`;
    const created: string[] = [];
    const servers: Server[] = [];
    const id = (word: string) => `${run}-${word}`;
    const uri = (word: string) => `/${run}/${word}`;

    afterAll(async () => {
      for (const path of created.reverse()) await admin('DELETE', `${path}?force=true`);
      for (const server of servers) {
        server.closeAllConnections();
        server.close();
      }
    });

    async function admin(method: string, path: string, body?: unknown) {
      const response = await fetch(target().adminUrl + path, {
        method,
        headers: { 'X-API-KEY': target().adminKey },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return { status: response.status, body: await response.text() };
    }
    async function put(path: string, body: unknown) {
      const answer = await admin('PUT', path, body);
      expect(answer.status, answer.body).toBeLessThan(300);
      created.push(path);
    }
    const ask = (path: string, init?: RequestInit) => fetch(target().proxyUrl + path, init);
    async function askUntil(path: string, status: number, init?: RequestInit): Promise<Response> {
      const deadline = Date.now() + IN_FORCE_WITHIN_MS;
      for (;;) {
        const response = await ask(path, init);
        if (response.status === status || Date.now() > deadline) {
          expect(response.status).toBe(status);
          return response;
        }
        await response.arrayBuffer();
        await sleep(30);
      }
    }
    /** An upstream that says who it is; its `state` decides how it answers. */
    async function node(word: string) {
      const state = { status: 200, health: 200, delayMs: 0, hits: 0 };
      const server = createServer((incoming, response) => {
        incoming.resume();
        if (incoming.url === '/health') {
          response.writeHead(state.health).end();
          return;
        }
        state.hits += 1;
        setTimeout(() => response.writeHead(state.status, { 'X-Node': word }).end(word), state.delayMs);
      });
      servers.push(server);
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      return { state, server, address: `127.0.0.1:${(server.address() as AddressInfo).port}` };
    }
    const spread = async (path: string, count: number, init?: RequestInit) => {
      const seen = new Map<string, number>();
      for (let i = 0; i < count; i += 1) {
        const response = await ask(path, init);
        const word = await response.text();
        seen.set(word, (seen.get(word) ?? 0) + 1);
      }
      return Object.fromEntries(seen);
    };

    it('sends one key to one node, and moves only the keys of a node that is gone (chash)', async () => {
      const nodes = await Promise.all(['a', 'b', 'c'].map(node));
      const upstream = (all: typeof nodes) => ({
        type: 'chash',
        hash_on: 'header',
        key: 'X-User',
        nodes: Object.fromEntries(all.map(({ address }) => [address, 1])),
      });
      await put(`/routes/${id('chash')}`, { uri: uri('chash'), upstream: upstream(nodes) });
      await askUntil(uri('chash'), 200);
      const nodeOf = async (user: number) =>
        (await ask(uri('chash'), { headers: { 'X-User': `u${user}` } })).text();
      const users = Array.from({ length: 30 }, (_, index) => index);
      const before = await Promise.all(users.map(nodeOf));
      expect(await Promise.all(users.map(nodeOf))).toEqual(before);
      expect(new Set(before).size).toBe(3);
      await put(`/routes/${id('chash')}`, { uri: uri('chash'), upstream: upstream(nodes.slice(0, 2)) });
      await expect.poll(async () => (await Promise.all(users.map(nodeOf))).includes('c')).toBe(false);
      const after = await Promise.all(users.map(nodeOf));
      for (const user of users) if (before[user] !== 'c') expect(after[user]).toBe(before[user]);
    });

    it('prefers the node that has less to do (least_conn)', async () => {
      const [slow, quick] = [await node('slow'), await node('quick')];
      slow.state.delayMs = 400;
      const upstream = { type: 'least_conn', nodes: { [slow.address]: 1, [quick.address]: 1 } };
      await put(`/routes/${id('least')}`, { uri: uri('least'), upstream });
      await askUntil(uri('least'), 200);
      await sleep(500);
      slow.state.hits = 0;
      quick.state.hits = 0;
      await Promise.all(
        Array.from({ length: 4 }, async (_, index) => {
          await sleep(index * 40);
          await (await ask(uri('least'))).text();
        }),
      );
      expect(slow.state.hits).toBeLessThanOrEqual(2);
      expect(quick.state.hits).toBeGreaterThanOrEqual(2);
    });

    it('takes a node out whose health check fails, and lets it in again', async () => {
      const [sick, well] = [await node('sick'), await node('well')];
      sick.state.health = 500;
      sick.state.status = 500;
      await put(`/routes/${id('health')}`, {
        uri: uri('health'),
        upstream: {
          type: 'roundrobin',
          nodes: { [sick.address]: 1, [well.address]: 1 },
          checks: {
            active: {
              http_path: '/health',
              healthy: { interval: 1, successes: 1 },
              unhealthy: { interval: 1, http_failures: 1, http_statuses: [500] },
            },
          },
        },
      });
      await expect
        .poll(async () => spread(uri('health'), 4), { timeout: 15_000, interval: 300 })
        .toEqual({ well: 4 });
      sick.state.health = 200;
      sick.state.status = 200;
      await expect
        .poll(async () => Object.keys(await spread(uri('health'), 6)).sort(), {
          timeout: 15_000,
          interval: 300,
        })
        .toEqual(['sick', 'well']);
    }, 40_000);

    it('delays what is above the rate, and refuses what is above the burst (limit-req)', async () => {
      const { address } = await node('limited');
      const limit = { rate: 1, burst: 1, key: 'http_x_user', rejected_code: 429, rejected_msg: 'too fast' };
      const upstream = { type: 'roundrobin', nodes: { [address]: 1 } };
      await put(`/routes/${id('lr')}`, { uri: uri('lr'), plugins: { 'limit-req': limit }, upstream });
      await askUntil(uri('lr'), 200, { headers: { 'X-User': 'probe' } });
      const as = { headers: { 'X-User': 'someone' } };
      const started = performance.now();
      const answers = await Promise.all([ask(uri('lr'), as), ask(uri('lr'), as), ask(uri('lr'), as)]);
      const refused = answers.filter(({ status }) => status === 429);
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 429]);
      expect(await refused[0]?.json()).toEqual({ error_msg: 'too fast' });
      expect(performance.now() - started).toBeGreaterThan(600);
    });

    it('lets only some addresses through (ip-restriction)', async () => {
      const { address } = await node('inside');
      const upstream = { type: 'roundrobin', nodes: { [address]: 1 } };
      const route = (word: string, restriction: object) =>
        put(`/routes/${id(word)}`, { uri: uri(word), plugins: { 'ip-restriction': restriction }, upstream });
      await route('white', { whitelist: ['127.0.0.0/8', '::1'] });
      await route('black', { blacklist: ['127.0.0.1'], message: 'not you' });
      await route('other', { whitelist: ['10.0.0.0/8'], response_code: 404 });
      await askUntil(uri('white'), 200);
      expect(await (await askUntil(uri('black'), 403)).json()).toEqual({ message: 'not you' });
      expect(await (await askUntil(uri('other'), 404, {})).json()).toMatchObject({
        message: 'Your IP address is not allowed',
      });
    });

    it('answers in the upstream’s place while that fails (api-breaker)', async () => {
      const { state, address } = await node('breaking');
      const breaker = {
        break_response_code: 599,
        break_response_body: 'broken',
        break_response_headers: [{ key: 'X-Breaker', value: 'on $uri' }],
        unhealthy: { http_statuses: [500], failures: 2 },
        healthy: { http_statuses: [200], successes: 1 },
      };
      const upstream = { type: 'roundrobin', nodes: { [address]: 1 } };
      await put(`/routes/${id('br')}`, { uri: uri('br'), plugins: { 'api-breaker': breaker }, upstream });
      await askUntil(uri('br'), 200);
      state.status = 500;
      for (let i = 0; i < 2; i += 1) await (await ask(uri('br'))).text();
      const broken = await askUntil(uri('br'), 599);
      expect([await broken.text(), broken.headers.get('x-breaker')]).toEqual(['broken', `on ${uri('br')}`]);
      state.status = 200;
      await expect
        .poll(async () => (await ask(uri('br'))).status, { timeout: 8_000, interval: 200 })
        .toBe(200);
    }, 15_000);

    it('refuses a body that is too long, said or not (client-control)', async () => {
      const { address } = await node('small');
      const upstream = { type: 'roundrobin', nodes: { [address]: 1 } };
      const plugins = { 'client-control': { max_body_size: 1000 } };
      await put(`/routes/${id('small')}`, { uri: uri('small'), plugins, upstream });
      await askUntil(uri('small'), 200);
      expect((await ask(uri('small'), { method: 'POST', body: 'x'.repeat(1000) })).status).toBe(200);
      expect((await ask(uri('small'), { method: 'POST', body: 'x'.repeat(1001) })).status).toBe(413);
      const chunked = await new Promise<number | undefined>((resolve, reject) => {
        const sent = request(
          target().proxyUrl + uri('small'),
          { method: 'POST', agent: false },
          (response) => {
            response.resume();
            resolve(response.statusCode);
          },
        );
        sent.on('error', reject);
        for (let i = 0; i < 4; i += 1) sent.write('x'.repeat(500));
        sent.end();
      });
      expect(chunked).toBe(413);
    });

    it('joins a WebSocket, where the route lets it through', async () => {
      const server = createServer((_, response) => response.end('plain'));
      server.on('upgrade', (incoming: IncomingMessage, socket) => {
        socket.write(
          `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nX-Path: ${incoming.url}\r\n\r\n`,
        );
        socket.pipe(socket);
      });
      servers.push(server);
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const nodes = { [`127.0.0.1:${(server.address() as AddressInfo).port}`]: 1 };
      const upstream = { type: 'roundrobin', nodes };
      await put(`/routes/${id('ws')}`, { uri: uri('ws'), enable_websocket: true, upstream });
      await put(`/routes/${id('nows')}`, { uri: uri('nows'), upstream });
      await askUntil(uri('ws'), 200);
      await askUntil(uri('nows'), 200);
      const upgraded = await talk(uri('ws'), 'hello through');
      expect(upgraded).toMatch(/^HTTP\/1\.1 101 /);
      expect(upgraded).toContain(`X-Path: ${uri('ws')}`);
      expect(upgraded).toContain('hello through');
      expect(await talk(uri('nows'), '')).toMatch(/^HTTP\/1\.1 200 /);
    });

    /** Asks for an upgrade by hand, says something, and gives all that came back. */
    function talk(path: string, words: string): Promise<string> {
      const { hostname, port } = new URL(target().proxyUrl);
      return new Promise((resolve, reject) => {
        const socket = connect(Number(port), hostname);
        let text = '';
        const end = () => {
          socket.destroy();
          resolve(text);
        };
        socket.setTimeout(2_000, end).on('error', reject).on('close', end);
        socket.write(
          `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
        );
        socket.on('data', (chunk: Buffer) => {
          const first = text === '';
          text += chunk.toString('latin1');
          if (first && text.includes(' 101 ')) socket.write(words);
          if ((words !== '' && text.includes(words)) || text.endsWith('plain')) end();
        });
      });
    }

    it('lets a client wait for 100 before it sends its body', async () => {
      const { address } = await node('waiting');
      await put(`/routes/${id('expect')}`, {
        uri: uri('expect'),
        upstream: { type: 'roundrobin', nodes: { [address]: 1 } },
      });
      await askUntil(uri('expect'), 200);
      const seen = await new Promise<string[]>((resolve, reject) => {
        const events: string[] = [];
        const headers = { Expect: '100-continue', 'Content-Length': '4' };
        const sent = request(target().proxyUrl + uri('expect'), { method: 'POST', headers, agent: false });
        sent.on('continue', () => {
          events.push('continue');
          sent.end('body');
        });
        sent.on('response', (response) => {
          response.resume();
          resolve([...events, String(response.statusCode)]);
        });
        sent.on('error', reject).flushHeaders();
      });
      expect(seen).toEqual(['continue', '200']);
    });

    it('answers behind TLS with the certificate of the name that is asked for', async (test) => {
      const { tls } = target();
      if (tls === undefined) test.skip('needs QBTC_APISIX_TLS: HOST:PORT');
      const { address } = await node('secret');
      const [one, two] = [await certificate('one.example'), await certificate('two.example')];
      await put(`/ssls/${id('one')}`, { ...one, snis: ['one.example'] });
      await put(`/ssls/${id('two')}`, { ...two, snis: ['*.two.example', 'two.example'] });
      await put(`/routes/${id('tls')}`, {
        uri: uri('tls'),
        upstream: { type: 'roundrobin', nodes: { [address]: 1 } },
      });
      await askUntil(uri('tls'), 200);
      const over = (servername: string) =>
        new Promise<{ subject: string; answer: string }>((resolve, reject) => {
          const socket = connectTls({
            host: tls?.host ?? '',
            port: tls?.port ?? 0,
            servername,
            rejectUnauthorized: false,
          });
          let answer = '';
          socket.on('error', reject).on('data', (chunk: Buffer) => {
            answer += chunk.toString();
          });
          socket.on('secureConnect', () =>
            socket.write(`GET ${uri('tls')} HTTP/1.1\r\nHost: ${servername}\r\nConnection: close\r\n\r\n`),
          );
          const subject = () => String(socket.getPeerCertificate()?.subject?.CN ?? '');
          let cn = '';
          socket.once('secureConnect', () => {
            cn = subject();
          });
          socket.on('close', () => resolve({ subject: cn, answer }));
        });
      await expect
        .poll(() =>
          over('one.example').then(
            ({ subject }) => subject,
            () => '',
          ),
        )
        .toBe('one.example');
      const second = await over('www.two.example');
      expect(second.subject).toBe('two.example');
      expect(second.answer).toMatch(/^HTTP\/1\.1 200 /);
      await expect(over('nobody.example')).rejects.toThrow();
    });

    it('changes upstreams and routes without a request that fails', async () => {
      const nodes = await Promise.all(['one', 'two'].map(node));
      const upstream = (index: number) => ({
        type: 'roundrobin',
        nodes: { [nodes[index]?.address ?? '']: 1 },
      });
      await put(`/routes/${id('hot')}`, { uri: uri('hot'), upstream: upstream(0) });
      await askUntil(uri('hot'), 200);
      let running = true;
      const statuses = new Set<number>();
      const streams = Array.from({ length: 4 }, async () => {
        while (running) {
          const response = await ask(uri('hot'));
          await response.arrayBuffer();
          statuses.add(response.status);
        }
      });
      for (let i = 1; i <= 10; i += 1) {
        await admin('PUT', `/routes/${id('hot')}`, {
          uri: uri('hot'),
          upstream: upstream(i % 2),
          desc: `change ${i}`,
        });
        await sleep(20);
      }
      running = false;
      await Promise.all(streams);
      expect([...statuses]).toEqual([200]);
    });
  });
}
