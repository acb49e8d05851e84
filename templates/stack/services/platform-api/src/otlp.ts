import * as z from 'zod/mini';

export const SPAN_KINDS = ['internal', 'server', 'client', 'producer', 'consumer'] as const;

/** A span as it is kept. */
export interface Span {
  trace_id: string;
  span_id: string;
  parent_span_id: string | null;
  service: string;
  instance: string;
  name: string;
  kind: (typeof SPAN_KINDS)[number];
  /** In UTC, with microseconds. */
  started_at: string;
  duration_us: number;
  failed: boolean;
  /** Why, of one that failed. */
  message: string;
  correlation_id: string | null;
  attributes: Record<string, unknown>;
}

/** What was sent is not an ExportTraceServiceRequest. */
export class NotOtlp extends Error {
  override readonly name = 'NotOtlp';
}

const unixNano = z.union([
  z.string().check(z.regex(/^\d{1,20}$/)),
  z.pipe(z.number().check(z.gte(0)), z.transform(String)),
]);
const anyValue = z.looseObject({});
const keyValues = z._default(z.array(z.looseObject({ key: z.string(), value: z.optional(anyValue) })), []);
const hex = (length: number) => z.string().check(z.regex(new RegExp(`^[0-9a-fA-F]{${length}}$`)));

/**
 * OTLP/HTTP in JSON: https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding, of the message
 * ExportTraceServiceRequest. Ids are hex, enums are numbers, times are strings; unknown fields are left alone.
 */
const requestSchema = z.looseObject({
  resourceSpans: z._default(
    z.array(
      z.looseObject({
        resource: z.optional(z.looseObject({ attributes: keyValues })),
        scopeSpans: z._default(
          z.array(
            z.looseObject({
              spans: z._default(
                z.array(
                  z.looseObject({
                    traceId: hex(32),
                    spanId: hex(16),
                    parentSpanId: z.optional(z.union([z.literal(''), hex(16)])),
                    name: z.string(),
                    kind: z._default(z.number(), 0),
                    startTimeUnixNano: unixNano,
                    endTimeUnixNano: unixNano,
                    attributes: keyValues,
                    status: z.optional(
                      z.looseObject({ code: z._default(z.number(), 0), message: z._default(z.string(), '') }),
                    ),
                  }),
                ),
                [],
              ),
            }),
          ),
          [],
        ),
      }),
    ),
    [],
  ),
});

const FAILED = 2;
const LONGEST_TEXT = 4096;

/** The spans of an ExportTraceServiceRequest. @throws {NotOtlp} naming the first field that is wrong */
export function spansIn(body: unknown): Span[] {
  const parsed = requestSchema.safeParse(body);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new NotOtlp(`${issue?.path.join('.') || 'the body'}: ${issue?.message ?? 'invalid'}`);
  }
  return parsed.data.resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const about = attributesOf(resource?.attributes ?? []);
    const service = String(about['service.name'] ?? 'unknown');
    const instance = String(about['service.instance.id'] ?? '');
    return scopeSpans.flatMap(({ spans }) =>
      spans.map((span): Span => {
        const attributes = attributesOf(span.attributes);
        const { 'correlation.id': correlation, ...others } = attributes;
        const [start, end] = [BigInt(span.startTimeUnixNano), BigInt(span.endTimeUnixNano)];
        return {
          trace_id: span.traceId.toLowerCase(),
          span_id: span.spanId.toLowerCase(),
          parent_span_id: span.parentSpanId ? span.parentSpanId.toLowerCase() : null,
          service: cut(service),
          instance: cut(instance),
          name: cut(span.name),
          // 0 is unspecified, which the specification tells to take for internal.
          kind: SPAN_KINDS[span.kind - 1] ?? 'internal',
          started_at: microsecondsToIso(start / 1000n),
          duration_us: end > start ? Number((end - start) / 1000n) : 0,
          failed: span.status?.code === FAILED,
          message: cut(span.status?.message ?? ''),
          correlation_id: typeof correlation === 'string' ? cut(correlation) : null,
          attributes: others,
        };
      }),
    );
  });
}

type KeyValues = z.infer<typeof keyValues>;

function attributesOf(pairs: KeyValues): Record<string, unknown> {
  return Object.fromEntries(pairs.map(({ key, value }) => [key, anyValueOf(value)]));
}

/** An AnyValue of OTLP as what it holds. */
function anyValueOf(any: Record<string, unknown> | undefined): unknown {
  if (any === undefined) return null;
  if (typeof any.stringValue === 'string') return cut(any.stringValue);
  if (any.boolValue !== undefined) return any.boolValue === true;
  if (any.intValue !== undefined) return Number(any.intValue);
  if (any.doubleValue !== undefined) return Number(any.doubleValue);
  const { arrayValue, kvlistValue } = any as Record<'arrayValue' | 'kvlistValue', { values?: unknown }>;
  if (Array.isArray(arrayValue?.values)) return arrayValue.values.map(anyValueOf);
  if (Array.isArray(kvlistValue?.values)) return attributesOf(kvlistValue.values as KeyValues);
  return null;
}

/** Texts that PostgreSQL cannot keep, U+0000, are cut off there. */
function cut(text: string): string {
  return (text.split('\0', 1)[0] ?? '').slice(0, LONGEST_TEXT);
}

function microsecondsToIso(microseconds: bigint): string {
  const rest = String(microseconds % 1_000_000n).padStart(6, '0');
  return `${new Date(Number(microseconds / 1_000_000n) * 1000).toISOString().slice(0, 19)}.${rest}Z`;
}
