import { ApiError, from } from '@stack/runtime/api-errors';
import type { FastifyInstance } from 'fastify';
import { NotOtlp, spansIn } from '../otlp.ts';
import { answers, parameters, queries } from '../schemas.ts';
import type { SpanFilter, SpanStore, TraceFilter } from '../span-store.ts';

/** What OTLP's exporters send at most: 512 spans of ours are some 400 KB. */
const LARGEST_EXPORT = 8 * 1024 * 1024;

/** Takes spans as an OpenTelemetry collector does, and gives them back. */
export function registerTracing(http: FastifyInstance, { store }: { store: SpanStore }): void {
  http.post(
    '/v1/traces',
    { bodyLimit: LARGEST_EXPORT, config: { quiet: true }, schema: { hide: true } },
    async (request) => {
      try {
        await from('database', store.add(spansIn(request.body)));
      } catch (error) {
        throw error instanceof NotOtlp ? new ApiError(400, 'not_otlp', error.message) : error;
      }
      // An ExportTraceServiceResponse that has nothing to say: all was taken.
      return {};
    },
  );

  const tags = ['tracing'];
  http.get(
    '/api/tracing/stats',
    {
      schema: {
        tags,
        summary: 'How many spans there are, and how long services take',
        response: { 200: answers.tracingStats },
      },
    },
    ({ span }) => from('database', store.statistics(span)),
  );
  http.get<{ Querystring: SpanFilter }>(
    '/api/tracing/spans',
    {
      schema: {
        tags,
        summary: 'Spans, the newest first',
        querystring: queries.spans,
        response: { 200: answers.spans },
      },
    },
    async ({ query, span }) => ({ spans: await from('database', store.spans(query, span)) }),
  );
  http.get<{ Querystring: TraceFilter }>(
    '/api/tracing/traces',
    {
      schema: {
        tags,
        summary: 'Traces, a line each',
        querystring: queries.traces,
        response: { 200: answers.traces },
      },
    },
    async ({ query, span }) => ({ traces: await from('database', store.traces(query, span)) }),
  );
  http.get<{ Params: { id: string } }>(
    '/api/tracing/traces/:id',
    {
      schema: {
        tags,
        summary: 'All spans of a trace, in the order of their start',
        params: parameters.trace,
        response: { 200: answers.trace, 404: answers.error },
      },
    },
    async ({ params: { id }, span }) => {
      const spans = await from('database', store.trace(id, span));
      const starts = spans.map(({ started_at }) => microsecondsOf(started_at));
      const ends = spans.map(({ duration_us }, index) => (starts[index] ?? 0) + duration_us);
      if (spans.length === 0) throw new ApiError(404, 'trace_not_found', `there is no trace ${id}`);
      return {
        trace_id: id,
        duration_us: Math.max(...ends) - Math.min(...starts),
        services: [...new Set(spans.map(({ service }) => service))],
        spans,
      };
    },
  );
}

function microsecondsOf(iso: string): number {
  return Date.parse(`${iso.slice(0, 19)}Z`) * 1000 + Number(iso.slice(20, 26));
}
