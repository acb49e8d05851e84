-- What quantum-core was asked and what it answered: one row an event, written before the answer is published.
-- Each migration runs in a transaction of its own, once.

create table qcs_quantum.interactions (
  id bigint generated always as identity primary key,
  -- A redelivered event finds its row again instead of adding one.
  event_id text not null unique,
  correlation_id text not null,
  model text not null,
  engine text not null,
  -- json, not jsonb: it keeps what was said as it was said, where jsonb refuses U+0000 and lone surrogates.
  request json not null,
  response json not null,
  prompt_tokens integer not null check (prompt_tokens >= 0),
  completion_tokens integer not null check (completion_tokens >= 0),
  latency_ms integer not null check (latency_ms >= 0),
  cached boolean not null default false,
  status text not null check (status in ('completed', 'failed')),
  created_at timestamptz not null default now()
);

create index interactions_correlation_id on qcs_quantum.interactions (correlation_id);
create index interactions_created_at on qcs_quantum.interactions (created_at);

comment on table qcs_quantum.interactions is 'Every LLM request that the core answered, with its answer';
comment on column qcs_quantum.interactions.event_id is 'id of the llm_request event';
comment on column qcs_quantum.interactions.status is 'completed, or failed when the answer was an error';
comment on column qcs_quantum.interactions.latency_ms is 'from taking the event to the end of the answer, in milliseconds';
