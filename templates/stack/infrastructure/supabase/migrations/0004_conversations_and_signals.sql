-- Who asked, what it cost, and what the 26-dimensional state of the conversation was.
alter table qcs_quantum.interactions
  add column consumer text not null default '',
  -- Set by the client. A failure that may pass keeps none, so that the same key can be tried again.
  add column idempotency_key text,
  -- In US dollars; null when the price of the model is not known.
  add column cost_usd numeric(16, 10) check (cost_usd >= 0),
  -- {coherence, purity, entropy, resonance}; null for failures.
  add column state json;

create unique index interactions_idempotency_key on qcs_quantum.interactions (consumer, idempotency_key)
  where idempotency_key is not null;

-- What was said in conversations that the core remembers: those with metadata.conversation_id.
create table qcs_quantum.turns (
  id bigint generated always as identity primary key,
  consumer text not null,
  conversation_id text not null,
  event_id text not null,
  -- The place of the message among those that the event added.
  place integer not null,
  -- An OpenAI message, as it was said.
  message json not null,
  -- Its state vector, 26 real parts and 26 imaginary ones; null for a message without words.
  vector double precision[],
  created_at timestamptz not null default now(),
  unique (event_id, place)
);
create index turns_conversation on qcs_quantum.turns (consumer, conversation_id, id);

-- Every signal that the core gave. A request that is delivered again finds its signal again.
create table qcs_quantum.signals (
  id bigint generated always as identity primary key,
  event_id text not null unique,
  correlation_id text not null,
  signal_id text not null unique,
  symbol text not null,
  mode text not null check (mode in ('paper', 'testnet', 'live')),
  action text not null check (action in ('buy', 'sell', 'hold')),
  confidence double precision not null check (confidence between 0 and 1),
  request json not null,
  signal json not null,
  -- What the market looked like, as a state vector: the looks that follow are judged in its light.
  vector double precision[] not null,
  observed_at timestamptz not null,
  created_at timestamptz not null default now()
);
create index signals_symbol on qcs_quantum.signals (symbol, mode, observed_at);
create index signals_correlation_id on qcs_quantum.signals (correlation_id);
