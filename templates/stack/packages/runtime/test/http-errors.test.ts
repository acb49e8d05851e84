import { Readable } from 'node:stream';
import { createHealth } from '@stack/runtime/health';
import { createHttpServer } from '@stack/runtime/http';
import { unforeseen } from '@stack/runtime/http-errors';
import { createLog } from '@stack/runtime/logging';
import { createMetrics } from '@stack/runtime/metrics';
import { NO_TRACING } from '@stack/runtime/tracing';
import type { FastifyInstance } from 'fastify';
import { afterEach, expect, it } from 'vitest';

interface Line {
  level: string;
  message: string;
  correlation_id?: string;
  context: { status?: number; error?: { message: string; stack?: string; cause?: { message: string } } };
}

const servers: FastifyInstance[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

function serve() {
  const lines: Line[] = [];
  const write = (line: string) => void lines.push(JSON.parse(line) as Line);
  const log = createLog({ service: 'a', level: 'debug', destination: { write } });
  const health = createHealth({ service: 'a', version: '1' });
  const http = createHttpServer({ health, metrics: createMetrics('a'), log, tracing: NO_TRACING });
  servers.push(http);
  /** The lines that say more than that a request was answered. */
  const told = () => lines.filter(({ message }) => message !== 'answered a request');
  return { http, told };
}

const HEADERS = { 'x-correlation-id': 'c-1' };
const broken = () => new TypeError('x is not a function', { cause: new Error('the row is missing') });

it('logs what a handler throws, once, with its causes and under the correlation id, and answers with that id', async () => {
  const { http, told } = serve();
  http.get('/async', async () => {
    throw broken();
  });
  http.get('/sync', () => {
    throw broken();
  });
  http.get('/sent', (_request, reply) => reply.send(broken()));
  http.get('/callback', (_request, reply) => {
    setImmediate(() => reply.send(broken()));
  });
  http.get('/hook', { preHandler: async () => Promise.reject(broken()) }, async () => 'never');
  http.get('/text', async () => Promise.reject('just a text'));
  for (const url of ['/async', '/sync', '/sent', '/callback', '/hook', '/text']) {
    const before = told().length;
    const { statusCode, body } = await http.inject({ url, headers: HEADERS });
    expect([url, statusCode]).toEqual([url, 500]);
    expect(JSON.parse(body)).toMatchObject({
      statusCode: 500,
      correlation_id: 'c-1',
      message: expect.stringContaining('c-1'),
    });
    expect(body).not.toContain('x is not a function');
    const lines = told().slice(before);
    expect(lines, url).toMatchObject([
      { level: 'error', message: 'could not answer', correlation_id: 'c-1', context: { status: 500 } },
    ]);
    if (url !== '/text')
      expect(lines[0]?.context.error).toMatchObject({
        name: 'TypeError',
        message: 'x is not a function',
        stack: expect.stringContaining('http-errors.test.ts'),
        cause: { message: 'the row is missing' },
      });
  }
});

it('logs what a service answers in its own form, also in a part of its routes', async () => {
  const { http, told } = serve();
  http.setErrorHandler((error: Error & { status?: number }, request, reply) =>
    reply.code(error.status ?? 500).send({ oops: unforeseen(request) }),
  );
  http.get('/broken', async () => Promise.reject(broken()));
  http.get('/away', async () =>
    Promise.reject(Object.assign(new Error('the database is away'), { status: 503 })),
  );
  http.get('/refused', async () => Promise.reject(Object.assign(new Error('no'), { status: 422 })));
  await http.register(async (part) => {
    part.setErrorHandler(async (_error, _request, reply) => reply.code(500).send('mine'));
    part.get('/part', async () => Promise.reject(broken()));
  });
  expect((await http.inject({ url: '/broken', headers: HEADERS })).body).toContain('c-1');
  expect((await http.inject({ url: '/part', headers: HEADERS })).body).toBe('mine');
  await http.inject({ url: '/away', headers: HEADERS });
  await http.inject({ url: '/refused', headers: HEADERS });
  expect(told().map(({ level, context }) => [level, context.status, context.error?.message])).toEqual([
    ['error', 500, 'x is not a function'],
    ['error', 500, 'x is not a function'],
    ['warn', 503, 'the database is away'],
  ]);
});

it('keeps the answers of requests that are wrong, and does not log them', async () => {
  const { http, told } = serve();
  const schema = { querystring: { type: 'object', required: ['n'], properties: { n: { type: 'integer' } } } };
  http.get('/checked', { schema }, async () => 'fine');
  const { statusCode, body } = await http.inject({ url: '/checked' });
  expect([statusCode, JSON.parse(body).message]).toEqual([
    400,
    "querystring must have required property 'n'",
  ]);
  expect(told()).toEqual([]);
});

it('logs why an answer broke off that had begun', async () => {
  const { http, told } = serve();
  async function* pieces() {
    yield 'begun';
    // After the headers are out.
    await new Promise((resolve) => setTimeout(resolve, 20));
    throw broken();
  }
  http.get('/stream', (_request, reply) => reply.send(Readable.from(pieces())));
  http.get('/noted', async (request) => {
    request.failure = broken();
    return 'a 200 that tells of an error in its body';
  });
  const url = await http.listen({ host: '127.0.0.1', port: 0 });
  await expect(
    fetch(`${url}/stream`, { headers: HEADERS }).then((answer) => answer.text()),
  ).rejects.toThrow();
  await fetch(`${url}/noted`, { headers: HEADERS });
  await expect.poll(() => told().filter(({ context }) => context.error !== undefined).length).toBe(2);
  expect(told().every(({ correlation_id }) => correlation_id === 'c-1' || correlation_id === undefined)).toBe(
    true,
  );
  expect(
    told()
      .map(({ context }) => context.error?.cause?.message)
      .filter(Boolean),
  ).toEqual(['the row is missing', 'the row is missing']);
});

it('writes what a service logs of a request in the one schema', async () => {
  const { http, told } = serve();
  http.get('/logs', async (request) => {
    request.log.info({ n: 1 }, 'counted');
    request.log.warn(broken(), 'odd');
    return 'fine';
  });
  await http.inject({ url: '/logs', headers: HEADERS });
  expect(told()).toMatchObject([
    { level: 'info', message: 'counted', correlation_id: 'c-1', context: { n: 1 } },
    {
      level: 'warn',
      message: 'odd',
      correlation_id: 'c-1',
      context: { error: { message: 'x is not a function' } },
    },
  ]);
});
