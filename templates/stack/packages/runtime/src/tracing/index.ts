import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Attributes,
  type Context,
  context,
  defaultTextMapGetter,
  defaultTextMapSetter,
  INVALID_SPAN_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
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
  /** A W3C traceparent of somebody else; left out, the span lies below the active one. */
  parent?: string | undefined;
}

/**
 * Spans of this service, in W3C trace context. Whether a trace is recorded is decided once, where it begins, and
 * passed on with it; a span that is not recorded costs next to nothing.
 */
export interface Tracing {
  /** Does the work in a span of its own. What it throws ends the span as failed, and is thrown on. */
  span<Result>(name: string, options: SpanOptions, work: (span: Span) => Promise<Result>): Promise<Result>;
  /** The same where a span is active already, and without a span where none is: for work that is no entry by itself. */
  child<Result>(name: string, options: SpanOptions, work: () => Promise<Result>): Promise<Result>;
  /** A span that its caller ends; `run` makes it the active one for what is called in it. */
  start(name: string, options: SpanOptions): { span: Span; run<Result>(work: () => Result): Result };
  /** The W3C traceparent of the active span, to be sent along. */
  traceparent(): string | undefined;
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
const propagator = new W3CTraceContextPropagator();

export function createTracing(options: TracingOptions): Tracing {
  // Which span is active is OpenTelemetry's own, one for each process.
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
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
    const above = parent === undefined ? context.active() : parentContext(parent);
    const span = tracer.startSpan(name, { kind, attributes }, above);
    const within = trace.setSpan(above, span);
    return { span, run: (work) => context.with(within, work) };
  };

  const inSpan: Tracing['span'] = async (name, spanOptions, work) => {
    const { span, run } = start(name, spanOptions);
    try {
      return await run(() => work(span));
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
    child: (name, spanOptions, work) =>
      trace.getActiveSpan()?.isRecording() === true ? inSpan(name, spanOptions, work) : work(),
    traceparent() {
      const carrier: { traceparent?: string } = {};
      propagator.inject(context.active(), carrier, defaultTextMapSetter);
      return carrier.traceparent;
    },
    async close() {
      // What is not sent by then is lost; whoever ends does not wait for a collector that is away.
      const late = sleep(options.closeMs ?? PATIENCE.lastSpans, undefined, { ref: false });
      await Promise.race([provider.shutdown(), late]).catch(() => {});
    },
  };
}

/** For whoever uses a part of the runtime by itself: nothing is recorded. */
export const NO_TRACING: Tracing = {
  span: (_name, _options, work) => work(NO_SPAN),
  child: (_name, _options, work) => work(),
  start: () => ({ span: NO_SPAN, run: (work) => work() }),
  traceparent: () => undefined,
  close: async () => {},
};

/** Notes on the span why its work failed. */
export function fail(span: Span, error: unknown): void {
  const message = reasonOf(error);
  span.setStatus({ code: SpanStatusCode.ERROR, message });
  span.setAttribute('error.type', error instanceof Error ? error.name : 'error');
}

function parentContext(traceparent: string): Context {
  return propagator.extract(context.active(), { traceparent }, defaultTextMapGetter);
}
