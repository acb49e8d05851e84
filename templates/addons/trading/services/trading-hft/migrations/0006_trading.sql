-- What the trading service decides, orders and holds. `venue` tells the accounts apart: paper, testnet and live, and each
-- run of the simulated exchange, which begins with an account of its own.

create schema if not exists hft_trading;

-- Which events were processed: one that is delivered again has no second effect (the inbox of the runtime's bus).
create table hft_trading.processed_events (
  consumer text not null,
  event_id text not null,
  processed_at timestamptz not null default now(),
  primary key (consumer, event_id)
);
create index processed_events_processed_at on hft_trading.processed_events (processed_at);

-- Every signal of the core that was taken up, once: one that comes again finds its row, and nothing happens.
create table hft_trading.signals (
  signal_id text primary key,
  venue text not null,
  event_id text not null,
  correlation_id text not null,
  symbol text not null,
  side text not null check (side in ('buy', 'sell')),
  strategy text not null,
  action text not null check (action in ('buy', 'sell', 'hold')),
  confidence double precision not null check (confidence between 0 and 1),
  price numeric not null,
  quantity numeric not null,
  outcome text not null check (outcome in ('ordered', 'refused', 'ignored')),
  reason text not null,
  created_at timestamptz not null default now()
);
create index signals_correlation_id on hft_trading.signals (correlation_id);

-- The journal: a row stands here before its order is sent.
create table hft_trading.orders (
  client_order_id text primary key,
  venue text not null,
  signal_id text not null references hft_trading.signals (signal_id),
  -- 0 for the first order of the signal, 1 for the one that replaced it, ….
  attempt integer not null check (attempt >= 0),
  correlation_id text not null,
  symbol text not null,
  side text not null check (side in ('buy', 'sell')),
  price numeric not null check (price > 0),
  quantity numeric not null check (quantity > 0),
  executed numeric not null default 0 check (executed >= 0 and executed <= quantity),
  -- What of `executed` stands in `fills`.
  booked numeric not null default 0 check (booked >= 0),
  -- pending: perhaps not sent; unknown: sent, and no answer came; not_placed: the exchange never got it.
  status text not null check (status in
    ('pending', 'unknown', 'open', 'filled', 'cancelled', 'rejected', 'expired', 'not_placed')),
  reason text,
  exchange_order_id bigint,
  created_at timestamptz not null default now(),
  -- After this the exchange does not take it any more (the timestamp that it is sent with, and recvWindow).
  expires_at timestamptz not null,
  updated_at timestamptz not null default now(),
  unique (signal_id, attempt)
);
create index orders_correlation_id on hft_trading.orders (correlation_id);
create index orders_venue on hft_trading.orders (venue, created_at);
create index orders_undone on hft_trading.orders (venue)
  where status in ('pending', 'unknown', 'open') or booked < executed;

create table hft_trading.fills (
  venue text not null,
  symbol text not null,
  trade_id bigint not null,
  client_order_id text not null references hft_trading.orders (client_order_id),
  correlation_id text not null,
  side text not null check (side in ('buy', 'sell')),
  price numeric not null,
  quantity numeric not null check (quantity > 0),
  commission numeric not null,
  commission_asset text not null,
  -- What the fill realised, in the quote asset.
  realised numeric not null,
  traded_at timestamptz not null,
  primary key (venue, symbol, trade_id)
);
create index fills_client_order_id on hft_trading.fills (client_order_id);
create index fills_correlation_id on hft_trading.fills (correlation_id);

create table hft_trading.positions (
  venue text not null,
  symbol text not null,
  quantity numeric not null,
  cost numeric not null,
  realised numeric not null,
  -- [{quantity, price}], the oldest first, as decimal numbers in text.
  lots json not null,
  other_fees json not null,
  updated_at timestamptz not null default now(),
  primary key (venue, symbol)
);

-- What all was worth, now and then; the first of a day is what the day's loss is counted from.
create table hft_trading.equity (
  venue text not null,
  at timestamptz not null default now(),
  realised numeric not null,
  unrealised numeric not null,
  primary key (venue, at)
);

-- The kill switch: it holds over restarts, for all venues.
create table hft_trading.kill_switch (
  only_one boolean primary key default true check (only_one),
  killed boolean not null,
  reason text not null,
  by text not null,
  at timestamptz not null default now()
);
insert into hft_trading.kill_switch (killed, reason, by) values (false, 'as installed', 'migration');
