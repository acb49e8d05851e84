/** JSON Schemas of what the API gives, for its OpenAPI document and for writing answers. */

const text = { type: 'string' } as const;
const number = { type: 'number' } as const;
const integer = { type: 'integer' } as const;
const nullable = <Schema extends { type: string }>(schema: Schema) =>
  ({ ...schema, nullable: true }) as const;
const object = <Properties extends Record<string, unknown>>(
  properties: Properties,
  optional: string[] = [],
) => ({
  type: 'object' as const,
  properties,
  required: Object.keys(properties).filter((name) => !optional.includes(name)),
});
const list = <Schema>(items: Schema) => ({ type: 'array' as const, items });
const byName = <Schema>(values: Schema) => ({ type: 'object' as const, additionalProperties: values });
const status = { type: 'string', enum: ['healthy', 'degraded', 'unhealthy'] } as const;

const instance = object({
  name: text,
  instance: text,
  version: text,
  host: text,
  port: integer,
  protocol: text,
  health: text,
  weight: number,
  metadata: byName(text),
  status,
  registered_at: text,
  beat_at: text,
});

const service = object({ name: text, instances: list(instance), goodbye: text }, ['goodbye']);

const check = object({ status, latency_ms: number, reason: text }, ['reason']);
const instanceHealth = object(
  {
    instance: text,
    status,
    reason: text,
    duration_ms: number,
    version: text,
    uptime_seconds: number,
    checks: byName(check),
  },
  ['reason', 'version', 'uptime_seconds', 'checks'],
);
const serviceHealth = object({ name: text, status, reasons: list(text), instances: list(instanceHealth) });

const span = object({
  trace_id: text,
  span_id: text,
  parent_span_id: nullable(text),
  service: text,
  instance: text,
  name: text,
  kind: text,
  started_at: text,
  duration_us: integer,
  failed: { type: 'boolean' },
  message: text,
  correlation_id: nullable(text),
  attributes: { type: 'object', additionalProperties: true },
});
const summary = object({
  trace_id: text,
  service: text,
  name: text,
  started_at: text,
  duration_us: integer,
  spans: integer,
  failed_spans: integer,
  services: list(text),
  correlation_id: nullable(text),
});

export const answers = {
  services: object({
    services: list(service),
    statistics: object({
      services: integer,
      instances: integer,
      healthy: integer,
      byService: byName(object({ instances: integer, healthy: integer, versions: list(text) })),
    }),
  }),
  service: object({ ...service.properties, health: serviceHealth }, ['goodbye', 'health']),
  aggregated: object({
    status,
    reasons: list(text),
    checked_at: text,
    duration_ms: number,
    services: byName(object({ status, instances: integer, reasons: list(text) })),
    statistics: object({ checks: integer, failures: integer, changes: integer }),
  }),
  healthServices: object({ checked_at: text, services: list(serviceHealth) }),
  tracingStats: object({
    traces: integer,
    spans: integer,
    failed_spans: integer,
    oldest: nullable(text),
    newest: nullable(text),
    services: list(
      object({
        service: text,
        spans: integer,
        failed_spans: integer,
        p50_ms: number,
        p95_ms: number,
        p99_ms: number,
      }),
    ),
  }),
  spans: object({ spans: list(span) }),
  traces: object({ traces: list(summary) }),
  trace: object({ trace_id: text, duration_us: integer, services: list(text), spans: list(span) }),
  eventStats: object({
    published: list(
      object({ service: text, instance: text, exchange: text, outcome: text, events: integer }),
    ),
    processed: list(
      object({
        service: text,
        instance: text,
        source: text,
        outcome: text,
        events: integer,
        mean_ms: number,
      }),
    ),
    totals: object({
      published: integer,
      failed: integer,
      processed: integer,
      dead_lettered: integer,
      retried: integer,
    }),
    unanswered: list(object({ instance: text, reason: text })),
  }),
  error: object({ error: object({ code: text, message: text }) }),
};

const durationMs = { type: 'number', minimum: 0, description: 'Milliseconds.' } as const;
const limit = { type: 'integer', minimum: 1, maximum: 1000, default: 100 } as const;
const correlation = { type: 'string', maxLength: 128, pattern: '^[A-Za-z0-9._:-]+$' } as const;
const name = { type: 'string', minLength: 1, maxLength: 256 } as const;

export const queries = {
  spans: {
    type: 'object',
    additionalProperties: false,
    properties: {
      service: name,
      name,
      correlation_id: correlation,
      min_duration_ms: durationMs,
      failed: { type: 'boolean' },
      limit,
    },
  },
  traces: {
    type: 'object',
    additionalProperties: false,
    properties: {
      service: name,
      correlation_id: correlation,
      min_duration_ms: durationMs,
      failed: { type: 'boolean' },
      order: { type: 'string', enum: ['newest', 'slowest'], default: 'newest' },
      limit,
    },
  },
} as const;

export const parameters = {
  service: object({ name }),
  trace: object({
    id: { type: 'string', pattern: '^[0-9a-f]{32}$', description: 'The id of a trace, in hex.' },
  }),
};
