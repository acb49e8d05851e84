import { fileURLToPath } from 'node:url';
import { eventually, skipWithout, type TestServer } from '@stack/testing/server';
import { type StackServers, stackServers, startStackServers } from '@stack/testing/servers';
import { startService, type TestService } from '@stack/testing/service';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const skipped = skipWithout(stackServers);
const soon = { timeoutMs: 60_000, everyMs: 50 };
// biome-ignore lint/suspicious/noExplicitAny: answers are looked into as they come.
type Answer = { status: number; body: any };

describe.skipIf(skipped)('the platform API, beside the services that it tells of', () => {
  let servers: StackServers | undefined;
  let broker: TestServer;
  let cache: TestServer;
  let database: TestServer;
  let platform: TestService;
  let api: TestService;
  let core: TestService;
  let environment: Record<string, string>;

  const get = async (path: string, init?: RequestInit): Promise<Answer> => {
    const response = await fetch(`${platform.url}${path}`, init);
    return { status: response.status, body: await response.json() };
  };
  const startCore = () =>
    startService('quantum-core', `${ROOT}services/quantum-core/src/main.ts`, {
      ...environment,
      DATABASE_URL: database.url,
      TRACE_STORE_URL: platform.url,
    });
  const chat = (content: string, headers: Record<string, string> = {}) =>
    fetch(`${api.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      // With a key, its answers are looked for in the cache.
      body: JSON.stringify({
        model: 'qbtc-offline',
        prompt_cache_key: 'platform',
        messages: [{ role: 'user', content }],
      }),
    });

  beforeAll(async () => {
    servers = await startStackServers();
    ({ broker, cache, database } = servers);
    environment = {
      AMQP_URL: broker.url,
      REDIS_URL: cache.url,
      STACK_NAME: 'acme',
      REGISTRY_HEARTBEAT_MS: '300',
      REGISTRY_TTL_MS: '3000',
      TRACE_RESERVOIR: '1000',
    };
    platform = await startService('platform-api', `${ROOT}services/platform-api/src/main.ts`, {
      ...environment,
      DATABASE_URL: database.url,
      HEALTH_CHECK_MS: '200',
      TRACES_TIDY_MS: '100',
    });
    [api, core] = await Promise.all([
      startService('llm-api', `${ROOT}services/llm-api/src/main.ts`, {
        ...environment,
        TRACE_STORE_URL: platform.url,
        LLM_DEADLINE_MS: '3000',
      }),
      startCore(),
    ]);
    await Promise.all([platform, api, core].map((service) => service.healthy()));
  });
  afterAll(async () => {
    await Promise.all([api, core, platform].map((service) => service?.stop()));
    await servers?.stop();
  });

  it('names what is registered, and how each does', async () => {
    await eventually(
      'all are registered and well',
      async () => {
        const { status, body } = await get('/api/health/aggregated');
        expect(status).toBe(200);
        expect(body).toMatchObject({ status: 'healthy', reasons: [] });
        expect(Object.keys(body.services)).toEqual(['llm-api', 'platform-api', 'quantum-core']);
      },
      soon,
    );
    const { body: all } = await get('/api/services');
    expect(all.statistics).toMatchObject({ services: 3, instances: 3 });
    const { body: one } = await get('/api/services/llm-api');
    expect(one).toMatchObject({
      name: 'llm-api',
      instances: [
        { host: '127.0.0.1', port: Number(new URL(api.url).port), health: '/health', version: '0.1.0' },
      ],
      health: { status: 'healthy', instances: [{ checks: { broker: { status: 'healthy' } } }] },
    });
    expect(await get('/api/services/nobody')).toMatchObject({
      status: 404,
      body: { error: { code: 'service_not_found', message: expect.stringContaining('quantum-core') } },
    });
    const { body: services } = await get('/api/health/services');
    expect(services.services).toHaveLength(3);
  });

  it('keeps the trace of a request through both services, and finds it by the correlation id', async () => {
    const id = 'platform:trace.1';
    expect((await chat('What is traced? Everything.', { 'x-correlation-id': id })).status).toBe(200);
    const found = await eventually(
      'the trace is whole',
      async () => {
        const { body } = await get(`/api/tracing/traces?correlation_id=${id}`);
        // Two of llm-api, four of quantum-core; each sends its own when it is time.
        expect(body.traces[0]?.spans).toBe(6);
        return body.traces[0];
      },
      soon,
    );
    expect(found).toMatchObject({
      service: 'llm-api',
      name: 'POST /v1/chat/completions',
      services: ['llm-api', 'quantum-core'],
      failed_spans: 0,
      correlation_id: id,
    });
    const { body: trace } = await get(`/api/tracing/traces/${found.trace_id}`);
    const by = (name: string) => trace.spans.find((span: { name: string }) => span.name === name);
    const [entry, sent, processed, stored] = [
      'POST /v1/chat/completions',
      'send llm.request',
      'process q_llm_requests',
      'add an interaction',
    ].map(by);
    expect(entry).toMatchObject({ kind: 'server', parent_span_id: null });
    expect(sent).toMatchObject({ kind: 'producer', service: 'llm-api', parent_span_id: entry.span_id });
    expect(processed).toMatchObject({
      kind: 'consumer',
      service: 'quantum-core',
      parent_span_id: sent.span_id,
    });
    for (const asked of [stored, by('GET'), by('SET')])
      expect(asked).toMatchObject({ kind: 'client', parent_span_id: processed.span_id });
    expect(trace.duration_us).toBeGreaterThanOrEqual(entry.duration_us);

    const { body: spans } = await get(
      '/api/tracing/spans?service=quantum-core&name=process%20q_llm_requests&limit=5',
    );
    expect(spans.spans.length).toBeGreaterThan(0);
    const { body: stats } = await get('/api/tracing/stats');
    expect(stats.services.map(({ service }: { service: string }) => service)).toEqual([
      'llm-api',
      'quantum-core',
    ]);
    const { body: slow } = await get('/api/tracing/traces?order=slowest&min_duration_ms=0.001');
    const times = slow.traces.map(({ duration_us }: { duration_us: number }) => duration_us);
    expect(times).toEqual(times.toSorted((a: number, b: number) => b - a));
  });

  it('counts the events of the bus as the services have counted them', async () => {
    const { body } = await get('/api/events/stats');
    expect(body.unanswered).toEqual([]);
    expect(body.totals.processed).toBeGreaterThan(0);
    expect(body.processed).toContainEqual(
      expect.objectContaining({ service: 'quantum-core', source: 'q_llm_requests', outcome: 'processed' }),
    );
  });

  it('describes itself, and refuses what is wrong with the field', async () => {
    const { body: document } = await get('/api/openapi.json');
    expect(document.openapi).toBe('3.0.3');
    expect(Object.keys(document.paths).sort()).toEqual([
      '/api/events/stats',
      '/api/health/aggregated',
      '/api/health/services',
      '/api/services',
      '/api/services/{name}',
      '/api/tracing/spans',
      '/api/tracing/stats',
      '/api/tracing/traces',
      '/api/tracing/traces/{id}',
    ]);
    for (const [path, status] of [
      ['/api/tracing/traces/xyz', 400],
      [`/api/tracing/traces/${'0'.repeat(32)}`, 404],
      ['/api/tracing/spans?limit=0', 400],
      ['/api/tracing/spans?colour=red', 400],
      ['/api/nothing', 404],
    ] as const) {
      const answer = await get(path);
      expect(answer.status, path).toBe(status);
      expect(answer.body.error.message, path).not.toBe('');
    }
    const bad = await get('/v1/traces', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"resourceSpans": 1}',
    });
    expect(bad).toMatchObject({ status: 400, body: { error: { code: 'not_otlp' } } });
  });

  it('says who is gone, and why, and tells the bus', async () => {
    const { connect } = await import('amqplib');
    const connection = await connect(broker.url);
    const channel = await connection.createChannel();
    await channel.purgeQueue('q_web_ui_updates');
    await core.kill();
    const gone = await eventually(
      'the core is missed',
      async () => {
        const { body } = await get('/api/health/aggregated');
        expect(body.status).toBe('unhealthy');
        return body;
      },
      soon,
    );
    expect(gone.reasons.join()).toContain('quantum-core');
    await eventually(
      'its lease has ended',
      async () => expect((await get('/api/services/quantum-core')).body.instances).toEqual([]),
      soon,
    );
    // Others may be missed for a moment where the machine is busy, and are told of, too.
    await eventually(
      'the bus was told',
      async () => {
        const message = await channel.get('q_web_ui_updates', { noAck: true });
        if (message === false) throw new Error('no update');
        expect(JSON.parse(message.content.toString())).toMatchObject({
          type: 'web_ui_update',
          data: { topic: 'health', subject: 'quantum-core', patch: { status: 'unhealthy' } },
        });
      },
      soon,
    );
    await connection.close();
    core = await startCore();
    await eventually(
      'it is back',
      async () => expect((await get('/api/health/aggregated')).body.status).toBe('healthy'),
      soon,
    );
    await core.stop();
    await eventually(
      'it has said goodbye',
      async () =>
        expect((await get('/api/health/aggregated')).body.reasons.join()).toContain(
          'the last one ended: stopped',
        ),
      soon,
    );
    core = await startCore();
    await core.healthy();
  });

  it('says so while Redis or PostgreSQL is away', async () => {
    await cache.kill();
    expect(await get('/api/services')).toMatchObject({
      status: 503,
      body: { error: { code: 'registry_unavailable' } },
    });
    await cache.start();
    await eventually(
      'the registry is filled again',
      async () => expect((await get('/api/services')).body.statistics?.instances).toBe(3),
      soon,
    );
    await database.kill();
    expect(await get('/api/tracing/stats')).toMatchObject({
      status: 503,
      body: { error: { code: 'database_unavailable' } },
    });
    await database.start();
    await eventually(
      'traces are there again',
      async () => expect((await get('/api/tracing/stats')).status).toBe(200),
      soon,
    );
  });
});
