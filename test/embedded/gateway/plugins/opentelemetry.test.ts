import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Span, spansIn } from '../../../../templates/stack/services/platform-api/src/otlp.ts';
import { startTestGateway } from '../support/gateway.ts';
import { exchange } from '../support/http.ts';
import { pluginBench } from '../support/plugins.ts';
import { startUpstream, type TestUpstream } from '../support/upstream.ts';

const bench = pluginBench();
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';

let collector: TestUpstream;
let received: { url: string; headers: Record<string, unknown>; body: string }[] = [];

beforeAll(async () => {
  collector = await startUpstream((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => {
      body += chunk;
    });
    request.on('end', () => {
      received.push({ url: request.url ?? '', headers: request.headers, body });
      response.end('{}');
    });
  });
  await metadata();
});
afterAll(() => collector.close());
beforeEach(() => {
  received = [];
  bench.answer = (_, response) => response.end('upstream');
});

/** The metadata under which each span goes out by itself. */
const metadata = (more: object = {}) =>
  bench.put('/plugin_metadata/opentelemetry', {
    resource: { 'service.name': 'gateway' },
    collector: { address: collector.address },
    batch_span_processor: { max_export_batch_size: 1 },
    ...more,
  });

const always = (more: object = {}) => ({ opentelemetry: { sampler: { name: 'always_on' }, ...more } });

/** The next span that the collector gets, as the stack's platform-api reads it. */
async function span(): Promise<Span> {
  await expect.poll(() => received.length, { interval: 1 }).toBeGreaterThan(0);
  const [found] = spansIn(JSON.parse(received.shift()?.body ?? ''));
  if (found === undefined) throw new Error('no span');
  return found;
}

describe('opentelemetry', () => {
  it('records a request under the trace of its caller, and hands it on', async () => {
    await bench.put('/services/named', { name: 'a service' });
    await bench.put('/routes/traced', {
      uri: '/traced/*',
      name: 'a route',
      service_id: 'named',
      plugins: always({
        additional_attributes: ['http_x_correlation_id', 'remote_addr', 'http_none'],
        additional_header_prefix_attributes: ['x-my-*', 'User-Agent', 'none'],
      }),
      upstream: { nodes: { [bench.upstream.address]: 1 } },
    });
    await bench.send('/traced/gr%C3%BC?a=b', {
      headers: {
        traceparent: `00-${TRACE}-${SPAN}-01`,
        tracestate: 'a=b',
        'X-My-One': 'gr\xc3\xbc',
        'User-Agent': 'me',
        'X-Correlation-Id': 'c-1',
      },
    });
    const told = await span();
    expect(told).toMatchObject({
      trace_id: TRACE,
      parent_span_id: SPAN,
      service: 'gateway',
      name: 'GET /traced/*',
      kind: 'server',
      failed: false,
      attributes: {
        'net.host.name': 'gateway.test',
        'http.method': 'GET',
        'http.scheme': 'http',
        'http.target': '/traced/gr%C3%BC?a=b',
        'http.user_agent': 'me',
        'http.route': '/traced/*',
        'http.status_code': 200,
        'apisix.route_id': 'traced',
        'apisix.route_name': 'a route',
        'apisix.service_id': 'named',
        'apisix.service_name': 'a service',
        http_x_correlation_id: 'c-1',
        remote_addr: '127.0.0.1',
        'x-my-one': 'grü',
        'user-agent': 'me',
      },
    });
    expect(Date.parse(told.started_at)).toBeLessThanOrEqual(bench.now);
    expect(told.duration_us).toBeGreaterThan(0);
    expect(bench.got('traceparent')).toEqual([`00-${TRACE}-${told.span_id}-01`]);
    expect(bench.got('tracestate')).toEqual(['a=b']);
  });

  it('begins a trace where the caller has none, or one that is broken', async () => {
    await bench.route('/new', always());
    const ids: string[] = [];
    for (const traceparent of ['', `00-${TRACE}-${SPAN}-01-more`]) {
      await bench.send('/new', {
        headers: { ...(traceparent === '' ? {} : { traceparent }), tracestate: 'a=b' },
      });
      const { trace_id, span_id, parent_span_id } = await span();
      expect(parent_span_id).toBeNull();
      expect(bench.got('traceparent')).toEqual([`00-${trace_id}-${span_id}-01`]);
      expect(bench.got('tracestate')).toEqual([]);
      ids.push(trace_id, span_id);
    }
    expect(new Set([...ids, TRACE]).size).toBe(5);
  });

  it.each([
    [{ name: 'always_off' }, undefined, '00'],
    [{ name: 'always_off' }, '01', '00'],
    [{}, undefined, '00'],
    [{ name: 'trace_id_ratio', options: { fraction: 1 } }, undefined, '01'],
    [{ name: 'trace_id_ratio' }, undefined, '00'],
    // The first digits of the trace id are 0.2967 of the most that they can be.
    [{ name: 'trace_id_ratio', options: { fraction: 0.2968 } }, '00', '01'],
    [{ name: 'trace_id_ratio', options: { fraction: 0.2967 } }, '01', '00'],
    [{ name: 'parent_base' }, '01', '01'],
    [{ name: 'parent_base', options: { root: { name: 'always_on' } } }, '00', '00'],
    [{ name: 'parent_base', options: { root: { name: 'always_on' } } }, undefined, '01'],
    [
      { name: 'parent_base', options: { root: { name: 'trace_id_ratio', options: { fraction: 1 } } } },
      undefined,
      '01',
    ],
    [{ name: 'parent_base', options: {} }, undefined, '00'],
  ])('samples by %j when the caller says %s: %s', async (sampler, flags, expected) => {
    const uri = `/sampled/${encodeURIComponent(JSON.stringify([sampler, flags]))}`;
    await bench.route('/sampled/*', { opentelemetry: { sampler } });
    await bench.put('/routes/sampled', {
      uri: '/sampled/*',
      priority: 1,
      plugins: { opentelemetry: { sampler } },
      upstream: { nodes: { [bench.upstream.address]: 1 } },
    });
    await bench.send(uri, {
      headers: flags === undefined ? {} : { traceparent: `00-${TRACE}-${SPAN}-${flags}` },
    });
    const [traceparent = ''] = bench.got('traceparent');
    expect(traceparent.split('-')[3]).toBe(expected);
    if (flags !== undefined) expect(traceparent.split('-')[1]).toBe(TRACE);
    if (expected === '01') expect((await span()).span_id).toBe(traceparent.split('-')[2]);
    else expect(received).toEqual([]);
  });

  it('tells what failed, and what the gateway answered itself', async () => {
    await bench.route('/failing', always());
    bench.answer = (_, response) => response.writeHead(503).end();
    await bench.send('/failing');
    expect(await span()).toMatchObject({ failed: true, message: 'upstream response status: 503' });
    await bench.route('/down', always(), { upstream: { nodes: { '127.0.0.1:1': 1 } } });
    await bench.send('/down');
    expect(await span()).toMatchObject({ failed: true, message: 'upstream response status: 502' });
    await bench.route('/own', { ...always(), 'key-auth': {} });
    await bench.send('/own');
    expect(await span()).toMatchObject({ failed: false, attributes: { 'http.status_code': 401 } });
  });

  it('takes the id of a new trace from the id of the request, and tells variables, where it is told to', async () => {
    await metadata({ trace_id_source: 'x-request-id', set_ngx_var: true });
    await bench.route('/ids', {
      ...always(),
      'response-rewrite': {
        headers: { set: { 'X-Trace': '$opentelemetry_trace_id/$opentelemetry_context_traceparent' } },
      },
    });
    const id = '4BF92F35-77b3-4da6-a3ce-929d0e0e4736';
    const answer = await bench.send('/ids', { headers: { 'X-Request-Id': id } });
    expect((await span()).trace_id).toBe(TRACE);
    expect(answer.headers['x-trace']).toEqual([`${TRACE}/${bench.got('traceparent')[0]}`]);
    await bench.send('/ids', { headers: { 'X-Request-Id': 'no id of a trace' } });
    expect((await span()).trace_id).toMatch(/^[0-9a-f]{32}$/);
    await metadata();
  });

  it('sends spans as its metadata says', async () => {
    await metadata({
      resource: { 'service.name': 'edge', replicas: 2, spot: true },
      collector: {
        address: `http://${collector.address}/own/path?x=y`,
        request_headers: { Authorization: 'token', X: 1 },
      },
      batch_span_processor: { max_export_batch_size: 2 },
    });
    await bench.route('/sent', always());
    await bench.send('/sent');
    expect(received).toEqual([]);
    await bench.send('/sent');
    await expect.poll(() => received.length, { interval: 1 }).toBe(1);
    const [{ url, headers, body } = { url: '', headers: {}, body: '{}' }] = received;
    expect(url).toBe('/own/path?x=y');
    expect(headers).toMatchObject({ authorization: 'token', x: '1', 'content-type': 'application/json' });
    const sent = JSON.parse(body) as { resourceSpans: { resource: { attributes: unknown[] } }[] };
    expect(sent.resourceSpans[0]?.resource.attributes).toEqual(
      expect.arrayContaining([
        { key: 'service.name', value: { stringValue: 'edge' } },
        { key: 'replicas', value: { doubleValue: 2 } },
        { key: 'spot', value: { boolValue: true } },
      ]),
    );
    expect(spansIn(sent)).toHaveLength(2);
    await metadata();
  });

  it('records nothing without metadata, or with an address that is none, and says so', async () => {
    await bench.route('/without', always());
    await bench.gateway.admin('DELETE', '/plugin_metadata/opentelemetry');
    expect((await bench.send('/without')).status).toBe(200);
    expect(bench.got('traceparent')).toEqual([]);
    expect(bench.gateway.logged.at(-1)?.message).toBe(
      'opentelemetry records nothing: it has no plugin metadata',
    );
    await metadata({ collector: { address: 'no address:x' } });
    expect((await bench.send('/without')).status).toBe(200);
    expect(bench.gateway.logged.at(-1)?.message).toContain('no address:x is no address of a collector');
    await metadata();
  });

  it('sends what waits when the gateway closes', async () => {
    const gateway = await startTestGateway();
    await gateway.admin('PUT', '/plugin_metadata/opentelemetry', {
      collector: { address: collector.address },
    });
    await gateway.admin('PUT', '/routes/1', { uri: '/', plugins: always() });
    await exchange(`${gateway.proxyUrl}/`);
    await gateway.close();
    expect(spansIn(JSON.parse(received[0]?.body ?? ''))).toMatchObject([
      { name: 'GET /', service: 'APISIX' },
    ]);
  });

  it.each([
    [
      { sampler: { name: 'often' } },
      'property "sampler" validation failed: property "name" validation failed: matches none of the enum values',
    ],
    [
      { additional_attributes: [''] },
      'property "additional_attributes" validation failed: failed to validate item 1: string too short, expected at least 1, got 0',
    ],
    [
      { additional_attributes: ['ssl_cipher'] },
      expect.stringContaining('variable "ssl_cipher" is not available'),
    ],
  ])('is refused with %j', async (configuration, message) => {
    expect(await bench.refusal({ opentelemetry: configuration })).toEqual(message);
  });

  it.each([
    [{ resource: { a: {} } }, /property "resource" validation failed: /],
    [{ trace_id_source: 'x' }, /"trace_id_source" validation failed: matches none of the enum values/],
    [{ collector: { request_headers: { 'a b': 'c' } } }, /invalid field character in header/],
  ])('is refused with the metadata %j', async (value, message) => {
    const { status, body } = await bench.gateway.admin('PUT', '/plugin_metadata/opentelemetry', value);
    expect([status, (JSON.parse(body) as { error_msg: string }).error_msg]).toEqual([
      400,
      expect.stringMatching(message),
    ]);
  });
});
