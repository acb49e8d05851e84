import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

const MICROSECONDS = [
  0.000005, 0.00001, 0.00002, 0.00005, 0.0001, 0.0002, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1,
];
const MILLISECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

export interface TradingMetrics {
  /** From the message of the market to the decision that something is worth asking for. */
  tickToDecision: Histogram;
  /** From that decision to the order on its way to the exchange, the core's answer in between. */
  decisionToOrder: Histogram;
  signals: Counter<'outcome'>;
  refusals: Counter<'check'>;
  orders: Counter<'status'>;
  fills: Counter<'symbol'>;
}

/** What the gauges show when they are looked at. */
export interface TradingGauges {
  held(): readonly { symbol: string; quantity: number; ageSeconds: number; resyncs: number }[];
  worth(): { realised: number; unrealised: number };
  killed(): boolean;
}

export function createTradingMetrics(registry: Registry, gauges: TradingGauges): TradingMetrics {
  const registers = [registry];
  const gauge = (
    name: string,
    help: string,
    read: (set: Gauge<'symbol'>) => void,
    labelNames: 'symbol'[] = [],
  ) =>
    new Gauge({
      name,
      help,
      labelNames,
      registers,
      collect() {
        read(this);
      },
    });
  gauge(
    'trading_position',
    'What is held, in the base asset',
    (set) => {
      for (const { symbol, quantity } of gauges.held()) set.set({ symbol }, quantity);
    },
    ['symbol'],
  );
  gauge(
    'trading_market_age_seconds',
    'Since the market was last heard of',
    (set) => {
      for (const { symbol, ageSeconds } of gauges.held())
        if (Number.isFinite(ageSeconds)) set.set({ symbol }, ageSeconds);
    },
    ['symbol'],
  );
  gauge(
    'trading_book_resyncs',
    'How often the book was asked for anew',
    (set) => {
      for (const { symbol, resyncs } of gauges.held()) set.set({ symbol }, resyncs);
    },
    ['symbol'],
  );
  gauge('trading_profit_realised', 'Realised profit, in the quote asset', (set) =>
    set.set(gauges.worth().realised),
  );
  gauge('trading_profit_unrealised', 'Unrealised profit, in the quote asset', (set) =>
    set.set(gauges.worth().unrealised),
  );
  gauge('trading_killed', 'Whether the kill switch is on', (set) => set.set(gauges.killed() ? 1 : 0));
  return {
    tickToDecision: new Histogram({
      name: 'trading_tick_to_decision_seconds',
      help: 'From a message of the market to a decision',
      buckets: MICROSECONDS,
      registers,
    }),
    decisionToOrder: new Histogram({
      name: 'trading_decision_to_order_seconds',
      help: 'From a decision to its order being sent',
      buckets: MILLISECONDS,
      registers,
    }),
    signals: new Counter({
      name: 'trading_signals_total',
      help: 'Signals of the core, by what became of them',
      labelNames: ['outcome'],
      registers,
    }),
    refusals: new Counter({
      name: 'trading_refusals_total',
      help: 'Orders that were not sent, by the check that refused them',
      labelNames: ['check'],
      registers,
    }),
    orders: new Counter({
      name: 'trading_orders_total',
      help: 'Orders, by what became of them',
      labelNames: ['status'],
      registers,
    }),
    fills: new Counter({
      name: 'trading_fills_total',
      help: 'Fills',
      labelNames: ['symbol'],
      registers,
    }),
  };
}
