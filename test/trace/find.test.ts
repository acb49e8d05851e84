import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { afterEach, describe, expect, test } from 'vitest';
import { createHttp } from '../../src/system/http.ts';
import { findTrace, openTraceStore } from '../../src/trace/index.ts';
import { service } from '../flow/chain.ts';
import { emptyStack } from '../support/stack.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** A store that answers as the test says, and a clock that stands at `now` and does not wait. */
async function store(
  answer: (path: string) => { status: number; body: unknown },
  now = Date.parse('2026-01-05T10:01:00Z'),
) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    const { status, body } = answer(request.url ?? '');
    response.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  let passed = 0;
  const context = {
    http: createHttp(),
    interrupted: new AbortController().signal,
    clock: {
      now: () => now + passed,
      monotonic: () => passed,
      sleep: async (ms: number) => {
        passed += ms;
      },
    },
  };
  const stack = emptyStack('/stack', {
    services: [service('platform-api', port)],
    tracing: { service: 'platform-api' },
  });
  return { context, stack, asked };
}

const id = (first: string) => first.padEnd(32, '0');
const summary = (first: string) => ({
  trace_id: id(first),
  service: 'llm-api',
  name: 'POST /',
  started_at: '2026-01-05T10:00:00.000000Z',
  duration_us: 1500,
  spans: 1,
  failed_spans: 0,
  services: ['llm-api'],
  correlation_id: null,
});
const span = (fields: object = {}) => ({
  span_id: 'a',
  parent_span_id: null,
  service: 'llm-api',
  instance: '',
  name: 'POST /',
  kind: 'server',
  started_at: '2026-01-05T10:00:00.000100Z',
  duration_us: 1500,
  failed: false,
  message: '',
  correlation_id: 'c-1',
  attributes: {},
  ...fields,
});
const whole = {
  trace_id: id('ab'),
  spans: [
    span({ span_id: 'b', parent_span_id: 'a', started_at: '2026-01-05T10:00:00.001100Z', duration_us: 1000 }),
    span(),
  ],
};

describe('a trace that is looked for', () => {
  test('is read with offsets from its beginning, as a tree', async () => {
    const { context, stack, asked } = await store((path) => ({
      status: 200,
      body: path.includes('traces?') ? { traces: [summary('ab')] } : whole,
    }));
    const trace = await findTrace(context, stack, { correlationId: 'c-1' });
    expect(trace).toMatchObject({
      id: id('ab'),
      durationUs: 2000,
      services: ['llm-api'],
      correlationId: 'c-1',
      spans: [
        { spanId: 'a', depth: 0, offsetUs: 0 },
        { spanId: 'b', depth: 1, offsetUs: 1000 },
      ],
    });
    expect(asked[0]).toBe('/api/tracing/traces?correlation_id=c-1&limit=1');
  });

  test('is waited for when it is the last, as it may not have been sent yet', async () => {
    let looks = 0;
    const { context, stack } = await store((path) => {
      if (!path.includes('traces?'))
        return { status: 200, body: path.includes(id('ab')) ? whole : { ...whole, trace_id: id('cd') } };
      looks += 1;
      return { status: 200, body: { traces: [summary(looks > 3 ? 'cd' : 'ab')] } };
    });
    expect((await findTrace(context, stack, { last: true })).id).toBe(id('cd'));
  });

  test('is read again until it is whole', async () => {
    let reads = 0;
    const { context, stack } = await store((path) => {
      if (path.includes('traces?')) return { status: 200, body: { traces: [summary('ab')] } };
      reads += 1;
      return { status: 200, body: whole };
    }, Date.parse('2026-01-05T10:00:01Z'));
    await findTrace(context, stack, { id: id('ab') });
    expect(reads).toBeGreaterThan(3);
  });

  test('is not whole while spans wait for those above them, unless these are lost', async () => {
    let reads = 0;
    const orphan = span({ span_id: 'd', parent_span_id: 'c', started_at: '2026-01-05T10:00:00.001200Z' });
    const fromOutside = span({ parent_span_id: 'caller' });
    const late = async (isSent: () => boolean) => {
      reads = 0;
      const { context, stack } = await store((path) => {
        if (path.includes('traces?')) return { status: 200, body: { traces: [summary('ab')] } };
        reads += 1;
        const spans = isSent() ? [fromOutside, orphan, span({ span_id: 'c' })] : [fromOutside, orphan];
        return { status: 200, body: { ...whole, spans } };
      }, Date.parse('2026-01-05T10:00:03Z'));
      return findTrace(context, stack, { id: id('ab') });
    };
    expect((await late(() => reads > 2)).spans).toHaveLength(3);
    expect((await late(() => false)).spans).toHaveLength(2);
    expect(reads).toBeGreaterThan(10);
  });

  test('may be named by how its id begins, when that is enough', async () => {
    const { context, stack } = await store((path) => ({
      status: 200,
      body: path.includes('traces?') ? { traces: [summary('ab'), summary('ac'), summary('b')] } : whole,
    }));
    expect((await findTrace(context, stack, { id: 'ab' })).id).toBe(id('ab'));
    await expect(findTrace(context, stack, { id: 'a' })).rejects.toMatchObject({
      code: 'TRACE_UNKNOWN',
      message: '2 traces begin with a',
    });
    await expect(findTrace(context, stack, { id: 'f' })).rejects.toMatchObject({ code: 'TRACE_UNKNOWN' });
  });
});

describe('a store that does not answer as it should', () => {
  test('is named, with the command that mends it', async () => {
    for (const [answer, reason] of [
      [{ status: 503, body: 'away' }, 'answers 503: away'],
      [{ status: 200, body: '<html>' }, 'does not answer in JSON'],
      [{ status: 200, body: { traces: [{}] } }, 'another form'],
    ] as const) {
      const { context, stack } = await store(() => answer);
      const asked = openTraceStore(context, stack).traces();
      await expect(asked).rejects.toMatchObject({
        code: 'TRACE_STORE_UNREACHABLE',
        message: expect.stringContaining(reason),
      });
    }
    const { context, stack } = await store(() => ({ status: 200, body: {} }));
    const server = servers.pop();
    server?.close();
    await once(server as Server, 'close');
    await expect(openTraceStore(context, stack).traces()).rejects.toMatchObject({
      hint: 'qbtc up platform-api',
    });
  });

  test('cannot be asked where the stack has none', async () => {
    const { context } = await store(() => ({ status: 200, body: {} }));
    expect(() => openTraceStore(context, emptyStack('/stack', {}))).toThrow('keeps no traces');
  });
});
