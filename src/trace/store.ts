import * as z from 'zod';
import { nodesOf } from '../config/service-address.ts';
import type { Context } from '../context.ts';
import { messageOf, QbtcError } from '../errors.ts';
import type { Stack } from '../model/stack.ts';
import type { Trace, TraceSummary } from '../model/trace.ts';
import { ordered } from './order.ts';

const DEADLINE_MS = 5_000;

const spanSchema = z.object({
  span_id: z.string(),
  parent_span_id: z.string().nullable(),
  service: z.string(),
  instance: z.string(),
  name: z.string(),
  kind: z.enum(['internal', 'server', 'client', 'producer', 'consumer']).catch('internal'),
  started_at: z.string(),
  duration_us: z.number(),
  failed: z.boolean(),
  message: z.string(),
  correlation_id: z.string().nullable(),
  attributes: z.record(z.string(), z.unknown()),
});
const traceSchema = z.object({ trace_id: z.string(), spans: z.array(spanSchema).min(1) });
const summarySchema = z.object({
  trace_id: z.string(),
  service: z.string(),
  name: z.string(),
  started_at: z.string(),
  duration_us: z.number(),
  spans: z.number(),
  failed_spans: z.number(),
  services: z.array(z.string()),
  correlation_id: z.string().nullable(),
});
const tracesSchema = z.object({ traces: z.array(summarySchema) });

export interface TraceFilter {
  service?: string;
  correlationId?: string;
  /** Milliseconds. */
  minDurationMs?: number;
  failed?: boolean;
  order?: 'newest' | 'slowest';
  /** At most 1000. */
  limit?: number;
}

/** Where the stack keeps its traces: the API of the service that `tracing.service` names. */
export interface TraceStore {
  /** `undefined` when there is no such trace. */
  trace(id: string): Promise<Trace | undefined>;
  traces(filter?: TraceFilter): Promise<TraceSummary[]>;
}

/**
 * @throws QbtcError `TRACES_NOT_KEPT` when the stack keeps none; the methods `TRACE_STORE_UNREACHABLE` when it does not
 * answer as it should
 */
export function openTraceStore(
  { http, interrupted }: Pick<Context, 'http' | 'interrupted'>,
  stack: Stack,
): TraceStore {
  const service = stack.services.find(({ name }) => name === stack.tracing?.service);
  if (service === undefined) {
    throw new QbtcError('TRACES_NOT_KEPT', `${stack.name} keeps no traces`, {
      hint: 'name the service that keeps them in qbtc.yaml: `tracing: {service: platform-api}`',
    });
  }
  const get = async (path: string) => {
    const url = `${nodesOf(service)[0]?.url}/api/tracing${path}`;
    const unreachable = (reason: string, cause?: unknown) =>
      new QbtcError('TRACE_STORE_UNREACHABLE', `${service.name} does not give traces: ${reason}`, {
        hint: `qbtc up ${service.name}`,
        cause,
      });
    const answer = await http(url, { timeoutMs: DEADLINE_MS, signal: interrupted }).catch(
      (error: unknown) => {
        interrupted.throwIfAborted();
        throw unreachable(messageOf(error), error);
      },
    );
    if (answer.status === 404) return undefined;
    if (answer.status !== 200)
      throw unreachable(`${path} answers ${answer.status}: ${answer.body.slice(0, 200)}`);
    try {
      return JSON.parse(answer.body) as unknown;
    } catch (error) {
      throw unreachable(`${path} does not answer in JSON`, error);
    }
  };
  const read = <Value>(schema: z.ZodType<Value>, document: unknown): Value => {
    const parsed = schema.safeParse(document);
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    throw new QbtcError('TRACE_STORE_UNREACHABLE', `${service.name} gives traces of another form`, {
      details: [`${issue?.path.join('.')}: ${issue?.message}`],
    });
  };

  return {
    async trace(id) {
      const document = await get(`/traces/${id}`);
      return document === undefined ? undefined : traceOf(read(traceSchema, document));
    },
    async traces(filter = {}) {
      const { service: of, correlationId, minDurationMs, failed, order, limit } = filter;
      const query = new URLSearchParams();
      const add = (name: string, value: string | number | boolean | undefined) => {
        if (value !== undefined) query.set(name, String(value));
      };
      add('service', of);
      add('correlation_id', correlationId);
      add('min_duration_ms', minDurationMs);
      add('failed', failed);
      add('order', order);
      add('limit', limit);
      const document = await get(`/traces?${query}`);
      if (document === undefined) return [];
      return read(tracesSchema, document).traces.map(
        ({ trace_id, started_at, duration_us, failed_spans, correlation_id, ...rest }) => ({
          ...rest,
          id: trace_id,
          startedAt: started_at,
          durationUs: duration_us,
          failedSpans: failed_spans,
          correlationId: correlation_id ?? undefined,
        }),
      );
    },
  };
}

function traceOf({ trace_id: id, spans }: z.infer<typeof traceSchema>): Trace {
  const starts = spans.map(({ started_at }) => microsecondsOf(started_at));
  const began = Math.min(...starts);
  const rows = spans.map((span, index) => ({
    spanId: span.span_id,
    parentSpanId: span.parent_span_id ?? undefined,
    service: span.service,
    instance: span.instance,
    name: span.name,
    kind: span.kind,
    offsetUs: (starts[index] ?? began) - began,
    durationUs: span.duration_us,
    failed: span.failed,
    message: span.message,
    correlationId: span.correlation_id ?? undefined,
    attributes: span.attributes,
  }));
  return {
    id,
    startedAt: spans[starts.indexOf(began)]?.started_at ?? '',
    durationUs: Math.max(...rows.map(({ offsetUs, durationUs }) => offsetUs + durationUs)),
    services: [...new Set(rows.map(({ service }) => service))],
    correlationId: rows.find(({ correlationId }) => correlationId !== undefined)?.correlationId,
    spans: ordered(rows),
  };
}

/** Of a time in ISO 8601 with six digits behind the point. */
function microsecondsOf(iso: string): number {
  return Date.parse(`${iso.slice(0, 19)}Z`) * 1000 + Number(iso.slice(20, 26).padEnd(6, '0'));
}
