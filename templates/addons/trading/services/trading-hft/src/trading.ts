import type { Bus } from '@stack/runtime/bus';
import type { Database } from '@stack/runtime/database';
import type { Log } from '@stack/runtime/logging';
import type { Cache } from '@stack/runtime/redis';
import type { Tracing } from '@stack/runtime/tracing';
import { decimal, plain } from '@stack/trading/decimal';
import type { RiskLimits } from '@stack/trading/risk';
import { strategyNamed } from '@stack/trading/strategies';
import { watchAccount } from './account.ts';
import { createAsking } from './asking.ts';
import { type Configuration, limitsOf } from './configuration.ts';
import { DayCount, midnightBefore } from './day-count.ts';
import { tellDecisions } from './decision-news.ts';
import type { Exchange, ExchangeRules } from './exchange/exchange.ts';
import { onPaper } from './exchange/paper.ts';
import type { KillSwitch } from './kill-switch.ts';
import { openLeadership } from './leadership.ts';
import { type Feed, openFeed } from './market/feed.ts';
import type { TradingMetrics } from './metrics.ts';
import { Executor } from './orders/executor.ts';
import { type Journal, openJournal } from './orders/journal.ts';
import { Ledger } from './orders/ledger.ts';
import { type PositionNews, tellPositions } from './position-news.ts';
import { Rounds } from './rounds.ts';
import { Trader } from './trader.ts';
import { createEventPort, type TradingEvents } from './trading-events.ts';

export interface TradingOptions {
  configuration: Configuration;
  exchange: Exchange;
  /** Orders are filled here, against the book, and never sent. */
  onPaper: boolean;
  rules: ExchangeRules;
  database: Database;
  cache: Cache;
  bus: Bus;
  kill: KillSwitch;
  service: string;
  log: Log;
  tracing: Tracing;
  metrics: TradingMetrics;
  /** The account is not the one that it was: the service has to begin anew. */
  onReplaced(): void;
}

/** Everything that trades, once the exchange has said its rules. */
export interface Trading {
  readonly venue: string;
  readonly exchange: Exchange;
  readonly limits: RiskLimits;
  readonly feed: Feed;
  readonly ledger: Ledger;
  readonly journal: Journal;
  readonly trader: Trader;
  readonly count: DayCount;
  /** Why it does not trade; `undefined` while it does. */
  missing(): string | undefined;
  /** Whether it has begun: it trades and knows its markets, or stands by while another instance does. */
  begun(): boolean;
  /** Takes every open order out of the book. @returns how many are out of it */
  cancelAll(): Promise<number>;
  close(): Promise<void>;
}

/** Puts the parts together. Those that depend on one another in a circle speak through the port of events. */
export function startTrading(options: TradingOptions): Trading {
  const { configuration, rules, database, kill, log, bus, service, metrics } = options;
  const strategy = strategyNamed(configuration.STRATEGY);
  if (strategy === undefined) throw new Error(`no strategy ${configuration.STRATEGY}`);
  const limits = limitsOf(configuration, rules);
  const journal = openJournal(database, rules.venue);
  const count = new DayCount();
  const symbols = [...rules.filters.keys()];
  const { events, connect } = createEventPort();

  const feed = openFeed({ exchange: options.exchange, symbols, log, events });
  const bookOf = (symbol: string) => {
    const depth = feed.markets.get(symbol)?.depth;
    return depth?.synced === true ? depth.book : undefined;
  };
  const exchange = options.onPaper ? onPaper(options.exchange, rules.filters, bookOf) : options.exchange;
  const ledger = new Ledger({ journal, filters: rules.filters, log, events });
  const news = tellPositions({ ...options, ledger, feed });
  const executor = new Executor({ exchange, journal, ledger, log, events });
  const leadership = openLeadership({
    database,
    name: `hft_trading ${rules.venue}`,
    log,
    async onHeld() {
      await kill.load();
      await ledger.load();
      const midnight = midnightBefore(Date.now());
      const base = await journal.equitySince(midnight);
      const sum = base && decimal(base.realised).plus(base.unrealised);
      count.begin(await journal.ordersSince(midnight), sum);
      await executor.reconcile();
      news.allChanged();
    },
  });
  const leads = () => leadership.missing === undefined;
  const rounds = new Rounds({
    ...options,
    exchange,
    limits,
    feed,
    ledger,
    journal,
    executor,
    count,
    news,
    leads,
  });
  const account = watchAccount({ exchange, executor, log, onConnected: () => leads() && rounds.reconcile() });
  const missing = () => leadership.missing ?? account.lost;
  const trader = new Trader({
    mode: configuration.TRADING_MODE,
    strategy,
    symbols,
    filters: rules.filters,
    limits,
    orderNotional: decimal(configuration.ORDER_NOTIONAL),
    slippage: decimal(configuration.ORDER_SLIPPAGE),
    replacements: configuration.ORDER_REPLACEMENTS,
    exchange,
    feed,
    ledger,
    journal,
    executor,
    asking: createAsking({ bus, service, deadlineMs: configuration.SIGNAL_DEADLINE_MS }),
    kill,
    count,
    metrics,
    tracing: options.tracing,
    log,
    missing,
    events,
  });
  connect({
    candle: (symbol, candle, heardAt) => trader.candle(symbol, candle, heardAt),
    marketDataBack: () => void checkVenue(options, exchange),
    booked: noteBooking(options, news),
    rest: (order) => {
      trader
        .replace(order)
        .catch((error: unknown) =>
          log.correlated(order.correlationId).error('could not replace an order', { error }),
        );
    },
    decided: tellDecisions({ bus, service, mode: configuration.TRADING_MODE, log }),
  });
  rounds.start();

  return {
    venue: rules.venue,
    exchange,
    limits,
    feed,
    ledger,
    journal,
    trader,
    count,
    missing,
    begun: () =>
      leadership.standsBy ||
      (missing() === undefined && [...feed.markets.values()].every(({ middle }) => middle !== undefined)),
    cancelAll: () => rounds.cancelAll(),
    async close() {
      rounds.close();
      feed.close();
      await exchange.close();
      ledger.close();
      await leadership.close();
    },
  };
}

/** Whether the exchange that is there again is the one that trading began with. */
async function checkVenue({ rules, log, onReplaced }: TradingOptions, exchange: Exchange): Promise<void> {
  try {
    const { venue } = await exchange.rules();
    if (venue !== rules.venue) onReplaced();
  } catch (error) {
    log.warn('could not ask the exchange who it is', { error });
  }
}

function noteBooking({ metrics, log }: TradingOptions, news: PositionNews): TradingEvents['booked'] {
  return (order, fills, position, span) => {
    if (order.status !== 'pending' && order.status !== 'unknown' && order.status !== 'open')
      metrics.orders.inc({ status: order.status });
    if (fills.length === 0) return;
    metrics.fills.inc({ symbol: position.symbol }, fills.length);
    log.correlated(order.correlationId).info('filled', {
      symbol: position.symbol,
      client_order_id: order.clientOrderId,
      fills: fills.length,
      held: plain(position.quantity),
      realised: plain(position.realised),
    });
    news.changed(position, order.correlationId, span);
  };
}
