-- Which events each consumer has processed: one that is delivered again has no second effect (the inbox of the
-- runtime's bus). Written in the transaction of the effect itself.

create table qcs_quantum.processed_events (
  consumer text not null,
  event_id text not null,
  processed_at timestamptz not null default now(),
  primary key (consumer, event_id)
);
create index processed_events_processed_at on qcs_quantum.processed_events (processed_at);
