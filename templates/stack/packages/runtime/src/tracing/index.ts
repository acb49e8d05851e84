import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Attributes,
  INVALID_SPAN_CONTEXT,
  isSpanContextValid,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import { parseTraceParent } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  AlwaysOffSampler,
  BasicTracerProvider,
  BatchSpanProcessor,
  ParentBasedSampler,
} from '@opentelemetry/sdk-trace-base';
import { reasonOf } from '../errors.ts';
import { PATIENCE } from '../patience.ts';
import { ReservoirSampler } from './reservoir-sampler.ts';

export { type Attributes, type Span, SpanKind } from '@opentelemetry/api';

/** Under this name every span of an entry carries the correlation id, so that a trace is found by it. */
export const CORRELATION_ID = 'correlation.id';

export interface SpanOptions {
  kind?: SpanKind;
  attributes?: Attributes;
}

export interface EntryOptions extends SpanOptions {
  /** The span above: one of ours, or the W3C traceparent of somebody else's. Left out, a trace begins. */
  parent?: Span | string | undefined;
}

/**
 * Spans of this service, in W3C trace context. Whether a trace is recorded is decided once, where it begins, and
 * passed on with it; below a span that is not recorded no other is made.
 *
 * Which span lies above is told by whoever asks: keeping it in an AsyncLocalStorage would cost each promise of the
 * process a hook, some 10 % of all that a service does.
 */
export interface Tracing {
  /** A span that its caller ends. */
  start(name: string, options: EntryOptions): Span;
  /** Does the work in a span of its own. What it throws ends the span as failed, and is thrown on. */
  span<Result>(name: string, options: EntryOptions, work: (span: Span) => Promise<Result>): Promise<Result>;
  /** The same below a span that is recorded, and the plain work otherwise: for work that is no entry by itself. */
  child<Result>(
    parent: Span | undefined,
    name: string,
    options: SpanOptions,
    work: () => Promise<Result>,
  ): Promise<Result>;
  /** Sends what is not sent yet. To be called before the process ends; never rejects. */
  close(): Promise<void>;
}

export interface TracingOptions {
  service: string;
  version: string;
  /** Which instance of the service. */
  instance: string;
  /** Base addresses that take OTLP over HTTP at `/v1/traces`; with none of them nothing is recorded. */
  endpoints: readonly string[];
  /** Traces that are recorded each second, whatever the ratio. */
  reservoir: number;
  /** The share of the further traces that are recorded, from 0 to 1. */
  ratio: number;
  /** How long `close` waits for a collector, in milliseconds. */
  closeMs?: number;
}

/** So many spans may wait to be sent; what is more is dropped, as a collector that is away must not fill the memory. */
const MOST_WAITING = 2048;
const MOST_AT_ONCE = 512;
const SEND_EVERY_MS = 500;

const NO_SPAN = trace.wrapSpanContext(INVALID_SPAN_CONTEXT);

export function createTracing(options: TracingOptions): Tracing {
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({
      'service.name': options.service,
      'service.version': options.version,
      'service.instance.id': options.instance,
    }),
    sampler: new ParentBasedSampler({
      root:
        options.endpoints.length === 0
          ? new AlwaysOffSampler()
          : new ReservoirSampler(options.reservoir, options.ratio),
    }),
    spanProcessors: options.endpoints.map((endpoint) => {
      const url = `${endpoint.replace(/\/+$/, '')}/v1/traces`;
      return new BatchSpanProcessor(new OTLPTraceExporter({ url, timeoutMillis: PATIENCE.spans }), {
        maxQueueSize: MOST_WAITING,
        maxExportBatchSize: MOST_AT_ONCE,
        scheduledDelayMillis: SEND_EVERY_MS,
        exportTimeoutMillis: PATIENCE.spans,
      });
    }),
  });
  const tracer = provider.getTracer('@stack/runtime');

  const start: Tracing['start'] = (name, { kind = SpanKind.INTERNAL, attributes = {}, parent }) => {
    const above = typeof parent === 'string' ? spanOf(parent) : parent;
    if (above === undefined || !isSpanContextValid(above.spanContext()))
      return tracer.startSpan(name, { kind, attributes }, ROOT_CONTEXT);
    // Whoever comes after learns from its context that nothing is recorded, and needs no other span for that.
    if (!isRecorded(above)) return above;
    return tracer.startSpan(name, { kind, attributes }, trace.setSpan(ROOT_CONTEXT, above));
  };

  const inSpan: Tracing['span'] = async (name, options, work) => {
    const span = start(name, options);
    try {
      return await work(span);
    } catch (error) {
      fail(span, error);
      throw error;
    } finally {
      span.end();
    }
  };

  return {
    start,
    span: inSpan,
    child: (parent, name, spanOptions, work) =>
      parent !== undefined && isRecorded(parent) ? inSpan(name, { ...spanOptions, parent }, work) : work(),
    async close() {
      // What is not sent by then is lost; whoever ends does not wait for a collector that is away.
      const late = sleep(options.closeMs ?? PATIENCE.lastSpans, undefined, { ref: false });
      await Promise.race([provider.shutdown(), late]).catch(() => {});
    },
  };
}

/** For whoever uses a part of the runtime by itself: nothing is recorded. */
export const NO_TRACING: Tracing = {
  start: () => NO_SPAN,
  span: (_name, _options, work) => work(NO_SPAN),
  child: (_parent, _name, _options, work) => work(),
  close: async () => {},
};

/**
 * The W3C traceparent of a span, to be sent along. One that is not recorded has one, too, so that whoever comes after
 * does not decide anew; only where there is no tracing at all there is none.
 */
export function traceparentOf(span: Span | undefined): string | undefined {
  const context = span?.spanContext() ?? INVALID_SPAN_CONTEXT;
  if (!isSpanContextValid(context)) return undefined;
  const { traceId, spanId, traceFlags } = context;
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;
}

/** Notes on the span why its work failed. */
export function fail(span: Span, error: unknown): void {
  const message = reasonOf(error);
  span.setStatus({ code: SpanStatusCode.ERROR, message });
  span.setAttribute('error.type', error instanceof Error ? error.name : 'error');
}

function isRecorded(span: Span): boolean {
  return (span.spanContext().traceFlags & TraceFlags.SAMPLED) !== 0;
}

/** The span of somebody else, as far as it is known here; `undefined` for what is no traceparent. */
function spanOf(traceparent: string): Span | undefined {
  const context: SpanContext | null = parseTraceParent(traceparent);
  return context === null ? undefined : trace.wrapSpanContext({ ...context, isRemote: true });
}
