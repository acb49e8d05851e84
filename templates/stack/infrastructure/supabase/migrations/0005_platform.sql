-- What platform-api keeps: the traces of the stack, for a day.
create schema platform;

create table platform.spans (
  -- 16 and 8 bytes in lower-case hex, as in W3C trace context.
  trace_id text not null,
  span_id text not null,
  parent_span_id text,
  service text not null,
  instance text not null default '',
  name text not null,
  kind text not null check (kind in ('internal', 'server', 'client', 'producer', 'consumer')),
  started_at timestamptz not null,
  duration_us bigint not null check (duration_us >= 0),
  failed boolean not null,
  -- Why, of one that failed.
  message text not null default '',
  correlation_id text,
  attributes json not null,
  received_at timestamptz not null default now(),
  primary key (trace_id, span_id)
);
create index spans_correlation_id on platform.spans (correlation_id) where correlation_id is not null;
create index spans_received_at on platform.spans (received_at);

comment on table platform.spans is 'Spans of OpenTelemetry that the services have sent';
