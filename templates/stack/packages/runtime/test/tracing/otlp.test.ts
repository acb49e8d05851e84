import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { fileURLToPath } from 'node:url';
import {
  createTracing,
  NO_TRACING,
  type Span,
  SpanKind,
  type Tracing,
  traceparentOf,
} from '@stack/runtime/tracing';
import protobuf from 'protobufjs';
import { afterEach, describe, expect, it } from 'vitest';

const PROTO = fileURLToPath(new URL('../fixtures/', import.meta.url));

/** A collector that keeps what it is sent. */
const servers: Server[] = [];
const tracings: Tracing[] = [];
async function collector() {
  const requests: { url: string | undefined; headers: IncomingHttpHeaders; body: unknown }[] = [];
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    requests.push({ url: request.url, headers: request.headers, body: JSON.parse(text) });
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  });
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return { url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`, requests };
}

function tracingTo(
  endpoints: string[],
  changes: { reservoir?: number; ratio?: number; closeMs?: number } = {},
) {
  const tracing = createTracing({
    service: 'shop',
    version: '1.2.3',
    instance: 'shop-1',
    endpoints,
    reservoir: 100,
    ratio: 1,
    ...changes,
  });
  tracings.push(tracing);
  return tracing;
}

afterEach(async () => {
  await Promise.all(tracings.splice(0).map((tracing) => tracing.close()));
  for (const server of servers.splice(0)) server.close();
});

const root = new protobuf.Root();
root.resolvePath = (_origin, target) => `${PROTO}${target}`;

/** Throws where the value is not the message in OTLP's JSON: unknown fields, other types, two of a oneof. */
function check(type: protobuf.Type, value: unknown, path: string): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error(`${path}: no object`);
  for (const [name, content] of Object.entries(value)) {
    const field = type.fields[name];
    if (field === undefined) throw new Error(`${path}.${name}: unknown to ${type.fullName}`);
    const items = field.repeated ? content : [content];
    if (!Array.isArray(items)) throw new Error(`${path}.${name}: no list`);
    for (const item of items) checkValue(field.resolve(), item, `${path}.${name}`);
  }
  for (const { oneof } of type.oneofsArray) {
    const set = oneof.filter((name) => name in value);
    if (set.length > 1) throw new Error(`${path}: ${set.join(' and ')} exclude each other`);
  }
}

function checkValue(field: protobuf.Field, value: unknown, path: string): void {
  const { resolvedType, type } = field;
  if (resolvedType instanceof protobuf.Type) {
    check(resolvedType, value, path);
    return;
  }
  const fits =
    resolvedType instanceof protobuf.Enum
      ? typeof value === 'number' && value in resolvedType.valuesById
      : type === 'string'
        ? typeof value === 'string'
        : type === 'bytes'
          ? typeof value === 'string' && /^([0-9a-f]{2})+$/.test(value)
          : type === 'bool'
            ? typeof value === 'boolean'
            : ['fixed64', 'uint64', 'int64', 'sint64'].includes(type)
              ? Number.isSafeInteger(value) || (typeof value === 'string' && /^-?\d+$/.test(value))
              : typeof value === 'number';
  if (!fits) throw new Error(`${path}: ${JSON.stringify(value)} is no ${type}`);
}

interface Exported {
  resourceSpans: {
    resource: { attributes: { key: string; value: { stringValue: string } }[] };
    scopeSpans: { spans: Record<string, unknown>[] }[];
  }[];
}
const spansIn = (body: unknown) =>
  (body as Exported).resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans));

describe('what is exported', () => {
  it('is an ExportTraceServiceRequest as OpenTelemetry has published it, to every endpoint', async () => {
    const [one, two] = [await collector(), await collector()];
    const tracing = tracingTo([one.url, `${two.url}/`]);
    await tracing.span(
      'outer',
      {
        kind: SpanKind.SERVER,
        attributes: { 'correlation.id': 'c-1', n: 3, list: ['a', 'b'], yes: true, half: 0.5 },
      },
      async (outer) => {
        await tracing
          .span('inner', { kind: SpanKind.CLIENT, parent: outer }, async () => {
            throw new TypeError('broken');
          })
          .catch(() => {});
      },
    );
    await tracing.close();
    await root.load('opentelemetry/proto/collector/trace/v1/trace_service.proto');
    const message = root.lookupType('opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest');
    for (const { requests } of [one, two]) {
      expect(requests).toHaveLength(1);
      const [{ url, headers, body } = { url: '', headers: {}, body: {} }] = requests;
      expect(url).toBe('/v1/traces');
      expect(headers['content-type']).toBe('application/json');
      expect(() => check(message, body, 'request')).not.toThrow();
      expect(() => check(message, { ...(body as object), more: 1 }, 'request')).toThrow('unknown');
      const [inner, outer] = spansIn(body);
      expect(inner).toMatchObject({
        name: 'inner',
        kind: 3,
        traceId: outer?.traceId,
        parentSpanId: outer?.spanId,
        status: { code: 2, message: 'broken' },
      });
      expect(outer).toMatchObject({ name: 'outer', kind: 2 });
      expect(JSON.stringify((body as Exported).resourceSpans[0]?.resource)).toContain('"shop-1"');
    }
  });

  it('continues the trace of a W3C traceparent, and keeps to its decision', async () => {
    const { url, requests } = await collector();
    const tracing = tracingTo([url], { reservoir: 0, ratio: 0 });
    const seen: (string | undefined)[] = [];
    const work = async (span: Span) => void seen.push(traceparentOf(span));
    await tracing.span('wanted', { parent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` }, work);
    await tracing.span('unwanted', { parent: `00-${'c'.repeat(32)}-${'d'.repeat(16)}-00` }, work);
    await tracing.span('nobody said', {}, work);
    await tracing.close();
    expect(seen[0]).toMatch(/^00-a{32}-[0-9a-f]{16}-01$/);
    // Nothing of it is made here, so whoever comes next hears of the one that was.
    expect(seen[1]).toBe(`00-${'c'.repeat(32)}-${'d'.repeat(16)}-00`);
    expect(seen[2]).toMatch(/-00$/);
    expect(spansIn(requests[0]?.body)).toMatchObject([{ name: 'wanted', parentSpanId: 'b'.repeat(16) }]);
  });

  it('begins a trace where what should be above is no span', async () => {
    const tracing = tracingTo([]);
    for (const parent of ['', 'x', `00-${'0'.repeat(32)}-${'0'.repeat(16)}-01`, NO_TRACING.start('x', {})])
      expect(traceparentOf(tracing.start('x', { parent }))).toMatch(
        /^00-(?!0{32})[0-9a-f]{32}-[0-9a-f]{16}-00$/,
      );
  });

  it('makes children only below a span that is recorded', async () => {
    const { url, requests } = await collector();
    const tracing = tracingTo([url]);
    const nothing = async () => {};
    await tracing.child(undefined, 'alone', {}, nothing);
    await tracing.span('unwanted', { parent: `00-${'c'.repeat(32)}-${'d'.repeat(16)}-00` }, (span) =>
      tracing.child(span, 'below unwanted', {}, nothing),
    );
    await tracing.span('entry', {}, (span) => tracing.child(span, 'below', {}, nothing));
    await tracing.close();
    expect(spansIn(requests[0]?.body).map(({ name }) => name)).toEqual(['below', 'entry']);
  });

  it('loses spans and nothing else when the collector is away', async () => {
    const tracing = tracingTo(['http://127.0.0.1:1'], { closeMs: 50 });
    expect(await tracing.span('lost', {}, async () => 'done')).toBe('done');
    await tracing.close();
  });

  it('is nothing where nobody asked for it', async () => {
    expect(await NO_TRACING.span('x', {}, async () => 1)).toBe(1);
    expect(traceparentOf(NO_TRACING.start('x', {}))).toBeUndefined();
    expect(traceparentOf(undefined)).toBeUndefined();
    expect(traceparentOf(tracingTo([]).start('x', {}))).toMatch(/-00$/);
  });
});
