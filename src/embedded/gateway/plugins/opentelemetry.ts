import { hostname } from 'node:os';
import { textOf } from '../../../matching/bytes.ts';
import type { Exchange } from '../exchange.ts';
import type { Plugin, PluginHost } from '../plugin.ts';
import { BatchProcessor } from '../plugin-support/batch-processor.ts';
import { sendOutbound } from '../plugin-support/outbound.ts';
import {
  newSpanId,
  newTraceId,
  readTraceContext,
  type TraceContext,
  writeTraceContext,
} from '../plugin-support/trace-context.ts';
import { type JsonSchema, withDefaults } from '../schema/validator.ts';
import { unavailableVariable, variable } from '../variables.ts';

interface SamplerConfiguration {
  name: 'always_on' | 'always_off' | 'trace_id_ratio' | 'parent_base';
  options?: { fraction?: number; root?: SamplerConfiguration };
}

interface OpenTelemetry {
  sampler: SamplerConfiguration;
  additional_attributes?: string[];
  additional_header_prefix_attributes?: string[];
}

interface Metadata {
  trace_id_source: 'x-request-id' | 'random';
  resource?: Record<string, string | number | boolean>;
  collector: {
    address: string;
    /** Seconds. */
    request_timeout: number;
    request_headers?: Record<string, string | number | boolean>;
  };
  batch_span_processor: {
    batch_timeout?: number;
    inactive_timeout?: number;
    max_export_batch_size?: number;
  };
  set_ngx_var: boolean;
}

const scalar = { type: ['boolean', 'number', 'string'] };
const fraction = { type: 'number', default: 0 };
const ROOTS = ['always_on', 'always_off', 'trace_id_ratio'];

const metadataSchema: JsonSchema = {
  type: 'object',
  properties: {
    trace_id_source: { type: 'string', enum: ['x-request-id', 'random'], default: 'random' },
    resource: { type: 'object', additionalProperties: scalar },
    collector: {
      type: 'object',
      properties: {
        address: { type: 'string', default: '127.0.0.1:4318' },
        request_timeout: { type: 'integer', default: 3 },
        request_headers: { type: 'object', additionalProperties: scalar },
      },
      default: { address: '127.0.0.1:4318', request_timeout: 3 },
    },
    batch_span_processor: {
      type: 'object',
      properties: {
        drop_on_queue_full: { type: 'boolean' },
        max_queue_size: { type: 'integer' },
        batch_timeout: { type: 'number' },
        inactive_timeout: { type: 'number' },
        max_export_batch_size: { type: 'integer' },
      },
      default: {},
    },
    set_ngx_var: { type: 'boolean', default: false },
  },
};

/** How often a batch is sent before it is given up (opentelemetry-lua's `BACKOFF_RETRY_LIMIT`). */
const MOST_TRIES = 3;
const SERVER_KIND = 2;
const FAILED = 2;
const exportersKey = {};

/** Where the spans go. */
interface Exporter {
  settings: Metadata;
  processor: BatchProcessor;
}

/** A span that has begun. */
interface Span extends TraceContext {
  parentId: string | undefined;
  name: string;
  /** Milliseconds since the epoch. */
  startedAt: number;
  attributes: [name: string, value: string][];
  exporter: Exporter;
}

/**
 * Records a span for each request that its sampler chooses, goes on with the trace of the caller, and hands it on to the
 * upstream (W3C trace context). Spans go out in OTLP over HTTP; in JSON, where APISIX takes protobuf.
 */
export const openTelemetry: Plugin<OpenTelemetry> = {
  name: 'opentelemetry',
  version: 0.1,
  priority: 12009,
  schema: {
    type: 'object',
    properties: {
      sampler: {
        type: 'object',
        properties: {
          name: { type: 'string', enum: [...ROOTS, 'parent_base'], default: 'always_off' },
          options: {
            type: 'object',
            properties: {
              fraction,
              root: {
                type: 'object',
                properties: {
                  name: { type: 'string', enum: ROOTS, default: 'always_off' },
                  options: { type: 'object', properties: { fraction }, default: { fraction: 0 } },
                },
                default: { name: 'always_off', options: { fraction: 0 } },
              },
            },
            default: { fraction: 0, root: { name: 'always_off' } },
          },
        },
        default: { name: 'always_off', options: { fraction: 0, root: { name: 'always_off' } } },
      },
      additional_attributes: { type: 'array', items: { type: 'string', minLength: 1 } },
      additional_header_prefix_attributes: { type: 'array', items: { type: 'string', minLength: 1 } },
    },
  },
  metadataSchema,
  check({ additional_attributes = [] }) {
    return additional_attributes.map(unavailableVariable).find((lacking) => lacking !== undefined);
  },
  fieldsOf: ({ collector }) =>
    Object.entries((collector as Partial<Metadata['collector']> | undefined)?.request_headers ?? {}).map(
      ([name, value]) => [name, String(value)],
    ),
  compile(configuration, host) {
    const sampled = sampler(configuration.sampler);
    const exporterNow = exporterReader(host);
    const spans = {};

    function begun(exchange: Exchange, exporter: Exporter): Span {
      const parent = readTraceContext(exchange.request.headers);
      const traceId = parent?.traceId ?? firstTraceId(exchange, exporter.settings);
      const path = exchange.route?.uri;
      return {
        traceId,
        spanId: newSpanId(),
        parentId: parent?.spanId,
        sampled: sampled(traceId, parent),
        name: path === undefined ? exchange.method : `${exchange.method} ${path}`,
        startedAt: host.now() - (performance.now() - exchange.startedAt),
        attributes: attributesOf(exchange, configuration),
        exporter,
      };
    }

    return {
      rewrite(exchange) {
        const exporter = exporterNow();
        if (exporter === undefined) return undefined;
        const span = begun(exchange, exporter);
        const { headers } = exchange.request;
        if (span.parentId === undefined) headers.remove('tracestate');
        const traceparent = writeTraceContext(headers, span);
        if (exporter.settings.set_ngx_var) exchange.traceparent = traceparent;
        if (span.sampled) exchange.note(spans, span);
        return undefined;
      },
      log(exchange) {
        const span = exchange.noted(spans) as Span | undefined;
        span?.exporter.processor.push(JSON.stringify(ended(span, exchange)));
      },
    };
  },
};

/** Whether a trace is recorded. The ratio goes by the first digits of its id, so that all who ask agree. */
function sampler({
  name,
  options,
}: SamplerConfiguration): (traceId: string, parent?: TraceContext) => boolean {
  if (name === 'parent_base') {
    const root = sampler(options?.root ?? { name: 'always_off' });
    return (traceId, parent) => parent?.sampled ?? root(traceId);
  }
  if (name !== 'trace_id_ratio') return () => name === 'always_on';
  const share = options?.fraction ?? 0;
  return (traceId) => share >= 1 || Number.parseInt(traceId.slice(0, 8), 16) < share * 0xffffffff;
}

/** A trace that begins here may take its id from the request's. */
function firstTraceId({ request }: Exchange, { trace_id_source }: Metadata): string {
  const id = trace_id_source === 'random' ? '' : (request.headers.get('x-request-id') ?? '');
  const digits = id.replaceAll('-', '').toLowerCase();
  return /^(?!0+$)[0-9a-f]{32}$/.test(digits) ? digits : newTraceId();
}

function attributesOf(exchange: Exchange, configuration: OpenTelemetry): [string, string][] {
  const { route } = exchange;
  const { additional_attributes: names = [], additional_header_prefix_attributes: prefixes = [] } =
    configuration;
  const given: [string, string | undefined][] = [
    ['net.host.name', exchange.host],
    ['http.method', exchange.client.method],
    ['http.scheme', exchange.scheme],
    ['http.target', exchange.client.target],
    ['http.user_agent', exchange.client.headers.get('user-agent')],
    ['apisix.route_id', route?.id],
    ['apisix.route_name', route?.name],
    ['http.route', route?.uri],
    ['apisix.service_id', route?.serviceId],
    ['apisix.service_name', route?.serviceName],
    ...names.map((name): [string, string | undefined] => [name, variable(exchange, name)]),
    ...prefixes.flatMap((prefix) => fieldsNamed(exchange, prefix.toLowerCase())),
  ];
  return given.flatMap(([name, value]) => (value === undefined ? [] : [[name, textOf(value)]]));
}

/** The fields of that name, or of all names that begin with what stands before a `*`. */
function fieldsNamed({ request }: Exchange, name: string): [string, string][] {
  const prefix = name.length > 1 && name.endsWith('*') ? name.slice(0, -1) : undefined;
  return [...request.headers.entries()].flatMap(([each, value]) => {
    const lower = each.toLowerCase();
    return (prefix === undefined ? lower === name : lower.startsWith(prefix)) ? [[lower, value]] : [];
  });
}

/** The span as OTLP has it in JSON (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding). */
function ended(span: Span, exchange: Exchange): object {
  const { upstreamStatus, response } = exchange;
  const code = upstreamStatus ?? response?.status;
  const microseconds = Math.round(span.startedAt * 1000);
  const duration = Math.round((performance.now() - exchange.startedAt) * 1000);
  const attributes: object[] = span.attributes.map(([key, value]) => ({
    key,
    value: { stringValue: value },
  }));
  if (code !== undefined) attributes.push({ key: 'http.status_code', value: { intValue: String(code) } });
  return {
    traceId: span.traceId,
    spanId: span.spanId,
    ...(span.parentId === undefined ? {} : { parentSpanId: span.parentId }),
    name: textOf(span.name),
    kind: SERVER_KIND,
    startTimeUnixNano: `${microseconds}000`,
    endTimeUnixNano: `${microseconds + duration}000`,
    attributes,
    ...(upstreamStatus !== undefined && upstreamStatus >= 500
      ? { status: { code: FAILED, message: `upstream response status: ${upstreamStatus}` } }
      : {}),
  };
}

/** Gives the exporter that the metadata describes; all configurations share it. Without metadata there is none, as in APISIX. */
function exporterReader(host: PluginHost): () => Exporter | undefined {
  const kept = host.shared(exportersKey, (): { from: unknown; exporter: Exporter | undefined } => ({
    from: null,
    exporter: undefined,
  }));
  return () => {
    const metadata = host.metadata('opentelemetry');
    if (metadata !== kept.from) {
      kept.from = metadata;
      kept.exporter =
        metadata && exporterOf(withDefaults(metadataSchema, metadata) as unknown as Metadata, host);
      if (metadata === undefined)
        host.log('warn', 'opentelemetry records nothing: it has no plugin metadata');
    }
    return kept.exporter;
  };
}

function exporterOf(settings: Metadata, host: PluginHost): Exporter | undefined {
  const { collector, batch_span_processor: batching, resource = {} } = settings;
  const url = collectorUrl(collector.address);
  if (url === undefined) {
    host.log('error', `opentelemetry records nothing: ${collector.address} is no address of a collector`);
    return undefined;
  }
  const about = { hostname: hostname(), 'service.name': 'APISIX', ...resource };
  const before = `{"resourceSpans":[{"resource":{"attributes":${JSON.stringify(keyValues(about))}},"scopeSpans":[{"scope":{"name":"qbtc-gateway"},"spans":[`;
  const headers = ['Host', url.host, 'Content-Type', 'application/json'];
  for (const [name, value] of Object.entries(collector.request_headers ?? {}))
    headers.push(name, String(value));
  const processor = new BatchProcessor(
    {
      name: 'opentelemetry',
      max_retry_count: MOST_TRIES - 1,
      retry_delay: 1,
      buffer_duration: batching.batch_timeout ?? 5,
      inactive_timeout: batching.inactive_timeout ?? 2,
      batch_max_size: batching.max_export_batch_size ?? 256,
    },
    async (spans) => {
      const body = Buffer.from(`${before}${spans.join(',')}]}]}]}`);
      const { status, body: said } = await sendOutbound(url, url.pathname + url.search, {
        method: 'POST',
        headers: [...headers, 'Content-Length', String(body.length)],
        body,
        timeoutMs: collector.request_timeout * 1000,
        verify: true,
      });
      if (status !== 200) throw new Error(`request failed: ${status} ${said}`);
    },
    host,
  );
  return { settings, processor };
}

/** An address without a scheme is one of HTTP, one without a path takes spans where OTLP does. */
function collectorUrl(address: string): URL | undefined {
  const text = /^https?:\/\//.test(address) ? address : `http://${address}`;
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  if (url.pathname === '/') url.pathname = '/v1/traces';
  return url;
}

function keyValues(values: Record<string, string | number | boolean>): object[] {
  return Object.entries(values).map(([key, value]) => {
    if (typeof value === 'string') return { key, value: { stringValue: value } };
    return { key, value: typeof value === 'number' ? { doubleValue: value } : { boolValue: value } };
  });
}
