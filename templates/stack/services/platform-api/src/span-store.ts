import type { Database } from '@stack/runtime/database';
import type { Span as Asker } from '@stack/runtime/tracing';
import type { Span } from './otlp.ts';

/** A trace in one line: what its first span says. */
export interface TraceSummary {
  trace_id: string;
  /** Of the span without a parent, or the first one that is known. */
  service: string;
  name: string;
  started_at: string;
  /** From the first start to the last end. */
  duration_us: number;
  spans: number;
  failed_spans: number;
  services: string[];
  correlation_id: string | null;
}

export interface SpanFilter {
  service?: string;
  name?: string;
  correlation_id?: string;
  /** Milliseconds. */
  min_duration_ms?: number;
  failed?: boolean;
  limit: number;
}

export interface TraceFilter {
  service?: string;
  correlation_id?: string;
  min_duration_ms?: number;
  failed?: boolean;
  order: 'newest' | 'slowest';
  limit: number;
}

export interface TraceStatistics {
  traces: number;
  spans: number;
  failed_spans: number;
  /** In UTC; null when there is nothing. */
  oldest: string | null;
  newest: string | null;
  /** Of the spans by which requests and events came in. */
  services: {
    service: string;
    spans: number;
    failed_spans: number;
    p50_ms: number;
    p95_ms: number;
    p99_ms: number;
  }[];
}

/** Traces of the stack, in PostgreSQL. Every method rejects while that is away. What reads is told for which span it does. */
export interface SpanStore {
  /** One that is there already stays as it is. */
  add(spans: readonly Span[]): Promise<void>;
  /** In the order of their start; empty for a trace that there is not. */
  trace(id: string, asker?: Asker): Promise<Span[]>;
  spans(filter: SpanFilter, asker?: Asker): Promise<Span[]>;
  traces(filter: TraceFilter, asker?: Asker): Promise<TraceSummary[]>;
  statistics(asker?: Asker): Promise<TraceStatistics>;
  /** Removes what is older, and the oldest of what is more than that. */
  forget(limits: { olderThanMs: number; most: number }): Promise<number>;
  check(): Promise<void>;
}

const COLUMNS = `trace_id, span_id, parent_span_id, service, instance, name, kind,
  to_char(started_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as started_at,
  duration_us::float8 as duration_us, failed, message, correlation_id, attributes`;

const ADD = `
  insert into platform.spans
    (trace_id, span_id, parent_span_id, service, instance, name, kind, started_at, duration_us, failed, message,
     correlation_id, attributes)
  select * from json_to_recordset($1::json) as span
    (trace_id text, span_id text, parent_span_id text, service text, instance text, name text, kind text,
     started_at timestamptz, duration_us bigint, failed boolean, message text, correlation_id text, attributes json)
  on conflict do nothing`;

const SPANS = `
  select ${COLUMNS} from platform.spans
  where ($1::text is null or service = $1) and ($2::text is null or name = $2)
    and ($3::text is null or correlation_id = $3) and ($4::float8 is null or duration_us >= $4 * 1000)
    and ($5::boolean is null or failed = $5)
  order by spans.started_at desc limit $6`;

// Candidates are the newest traces; what is asked of a whole trace is judged among those.
const NEWEST_TRACES = 5000;
const TRACES = `
  with recent as (
    select trace_id from platform.spans
    where ($1::text is null or service = $1) and ($2::text is null or correlation_id = $2)
    group by trace_id order by max(received_at) desc limit ${NEWEST_TRACES}
  ), summed as (
    select trace_id, min(started_at) as began, count(*)::int as spans, count(*) filter (where failed)::int as failed_spans,
      (extract(epoch from max(started_at + duration_us * interval '1 microsecond') - min(started_at)) * 1e6)::float8 as duration_us,
      array_agg(distinct service) as services, max(correlation_id) as correlation_id
    from platform.spans where trace_id in (select trace_id from recent) group by trace_id
  )
  select summed.trace_id, root.service, root.name, summed.duration_us, summed.spans, summed.failed_spans, summed.services,
    summed.correlation_id, to_char(summed.began at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as started_at
  from summed, lateral (
    select service, name from platform.spans where spans.trace_id = summed.trace_id
    order by (parent_span_id is null) desc, started_at limit 1
  ) as root
  where ($3::float8 is null or summed.duration_us >= $3 * 1000) and ($4::boolean is null or (summed.failed_spans > 0) = $4)
  order by case when $5 = 'slowest' then summed.duration_us end desc nulls last, summed.began desc limit $6`;

const TOTALS = `
  select count(distinct trace_id)::int as traces, count(*)::int as spans, count(*) filter (where failed)::int as failed_spans,
    to_char(min(started_at) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as oldest,
    to_char(max(started_at) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as newest
  from platform.spans`;

const BY_SERVICE = `
  select service, count(*)::int as spans, count(*) filter (where failed)::int as failed_spans,
    percentile_cont(0.5) within group (order by duration_us) / 1000 as p50_ms,
    percentile_cont(0.95) within group (order by duration_us) / 1000 as p95_ms,
    percentile_cont(0.99) within group (order by duration_us) / 1000 as p99_ms
  from platform.spans where kind in ('server', 'consumer') group by service order by service`;

const FORGET = `
  delete from platform.spans where received_at < now() - make_interval(secs => $1)
    or received_at < (select received_at from platform.spans order by received_at desc offset $2 limit 1)`;

export function openSpanStore(database: Database): SpanStore {
  const rows = async <Row extends object>(name: string, text: string, values: unknown[], span?: Asker) =>
    (await database.query<Row>({ name, text, values, span })).rows;

  return {
    async add(spans) {
      if (spans.length > 0) await rows('add spans', ADD, [JSON.stringify(spans)]);
    },
    trace: (id, asker) =>
      rows<Span>(
        'a trace',
        `select ${COLUMNS} from platform.spans where trace_id = $1 order by spans.started_at`,
        [id],
        asker,
      ),
    spans: (filter, asker) =>
      rows<Span>(
        'spans',
        SPANS,
        [
          filter.service ?? null,
          filter.name ?? null,
          filter.correlation_id ?? null,
          filter.min_duration_ms ?? null,
          filter.failed ?? null,
          filter.limit,
        ],
        asker,
      ),
    traces: (filter, asker) =>
      rows<TraceSummary>(
        'traces',
        TRACES,
        [
          filter.service ?? null,
          filter.correlation_id ?? null,
          filter.min_duration_ms ?? null,
          filter.failed ?? null,
          filter.order,
          filter.limit,
        ],
        asker,
      ),
    async statistics(asker) {
      const [[totals], services] = await Promise.all([
        rows<Omit<TraceStatistics, 'services'>>('trace totals', TOTALS, [], asker),
        rows<TraceStatistics['services'][number]>('trace statistics', BY_SERVICE, [], asker),
      ]);
      return {
        ...(totals ?? { traces: 0, spans: 0, failed_spans: 0, oldest: null, newest: null }),
        services,
      };
    },
    async forget({ olderThanMs, most }) {
      const { rowCount } = await database.query({
        name: 'forget spans',
        text: FORGET,
        values: [olderThanMs / 1000, most],
      });
      return rowCount;
    },
    async check() {
      await database.pool.query('select 1 from platform.spans limit 0');
    },
  };
}
