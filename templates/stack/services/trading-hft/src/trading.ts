import type { Bus } from '@stack/runtime/bus';
import type { Database } from '@stack/runtime/database';
import { reasonOf } from '@stack/runtime/errors';
import type { Log } from '@stack/runtime/logging';
import type { Cache } from '@stack/runtime/redis';
import type { Tracing } from '@stack/runtime/tracing';
import { decimal, plain } from '@stack/trading/decimal';
import type { RiskLimits } from '@stack/trading/risk';
import { strategyNamed } from '@stack/trading/strategies';
import { createAsking } from './asking.ts';
import { type Configuration, limitsOf } from './configuration.ts';
import { DayCount, midnightBefore } from './day-count.ts';
import { tellDecisions } from './decision-news.ts';
import type { Exchange, ExchangeRules } from './exchange/exchange.ts';
import { onPaper } from './exchange/paper.ts';
import type { KillSwitch } from './kill-switch.ts';
import { type Leadership, openLeadership } from './leadership.ts';
import { type Feed, openFeed } from './market/feed.ts';
import type { TradingMetrics } from './metrics.ts';
import { Executor } from './orders/executor.ts';
import { type Journal, openJournal } from './orders/journal.ts';
import { Ledger } from './orders/ledger.ts';
import { type PositionNews, tellPositions } from './position-news.ts';
import { Trader } from './trader.ts';

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

const LOOK_EVERY_MS = 100;
const HEAR_KILL_EVERY_MS = 500;

export function startTrading(options: TradingOptions): Trading {
  const { configuration, rules, database, kill, log, bus, service, metrics } = options;
  const strategy = strategyNamed(configuration.STRATEGY);
  if (strategy === undefined) throw new Error(`no strategy ${configuration.STRATEGY}`);
  const limits = limitsOf(configuration, rules);
  const journal = openJournal(database, rules.venue);
  const count = new DayCount();
  const symbols = [...rules.filters.keys()];
  let leadership: Leadership | undefined;
  let accountLost: string | undefined = 'the account stream is not there yet';
  const missing = () => leadership?.missing ?? accountLost;
  const feed = openFeed({
    exchange: options.exchange,
    symbols,
    log,
    onCandle: (symbol, candle, heardAt) => trader.candle(symbol, candle, heardAt),
    onAgain: () => void checkVenue(),
  });
  const bookOf = (symbol: string) => {
    const depth = feed.markets.get(symbol)?.depth;
    return depth?.synced === true ? depth.book : undefined;
  };
  const exchange = options.onPaper ? onPaper(options.exchange, rules.filters, bookOf) : options.exchange;
  const news: PositionNews = tellPositions({ ...options, ledgerOf: () => ledger, feedOf: () => feed });

  const ledger = new Ledger({
    journal,
    filters: rules.filters,
    log,
    onBooked(order, fills, position) {
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
      news.changed(position, order.correlationId);
    },
  });
  const executor: Executor = new Executor({
    exchange,
    journal,
    ledger,
    log,
    onRest: (order) => {
      trader
        .replace(order)
        .catch((error: unknown) =>
          log.correlated(order.correlationId).error('could not replace an order', { error }),
        );
    },
  });
  const trader: Trader = new Trader({
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
    executor: () => executor,
    asking: createAsking({ bus, service, deadlineMs: configuration.SIGNAL_DEADLINE_MS }),
    kill,
    count,
    metrics,
    tracing: options.tracing,
    log,
    missing,
    onDecision: tellDecisions({ bus, service, mode: configuration.TRADING_MODE, log }),
  });

  const checkVenue = async () => {
    try {
      const { venue } = await exchange.rules();
      if (venue !== rules.venue) options.onReplaced();
    } catch (error) {
      log.warn('could not ask the exchange who it is', { error });
    }
  };

  let reconciling: Promise<unknown> = Promise.resolve();
  const reconcile = () => {
    reconciling = reconciling
      .then(() => executor.reconcile())
      .catch((error: unknown) => log.warn('could not ask what became of orders', { error }));
    return reconciling;
  };

  leadership = openLeadership({
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

  exchange.watchAccount({
    onConnected() {
      accountLost = undefined;
      log.info('account data flow');
      // What happened meanwhile was not told.
      if (leadership?.missing === undefined) void reconcile();
    },
    onLost(reason) {
      if (accountLost === undefined) log.warn('account data stopped', { reason });
      accountLost = `the account stream is away: ${reason}`;
    },
    onOrder(report) {
      // Also while the lock is lost: whoever books it, it is booked once. Before the ledger is read nothing is known of it.
      executor
        .report(report)
        .catch((error: unknown) => log.error('could not take in what happened to an order', { error }));
    },
  });

  /** Orders that wait too long; the loss of the day. */
  const look = () => {
    for (const order of ledger.undone.values()) {
      const waits = order.status === 'open' && exchange.now() - order.createdAt > configuration.ORDER_TTL_MS;
      if (waits)
        executor
          .cancel(order, !kill.state.killed)
          .catch((error: unknown) => log.warn('could not cancel an order', { error }));
    }
    const profit = count.profit(ledger.worth((symbol) => feed.markets.get(symbol)?.mark));
    if (!kill.state.killed && profit.times('-1').gte(limits.dailyLoss)) {
      void kill.set(
        true,
        `today's loss is ${plain(profit.times('-1'))}, the limit is ${plain(limits.dailyLoss)}`,
        'risk',
      );
      void cancelAll();
    }
  };
  const cancelAll = async () => {
    const open = [...ledger.undone.values()].filter(
      ({ status }) => status === 'open' || status === 'unknown',
    );
    const tried = await Promise.allSettled(open.map((order) => executor.cancel(order, false)));
    for (const each of tried)
      if (each.status === 'rejected') log.error('COULD NOT CANCEL AN ORDER', { error: each.reason });
    return tried.filter(({ status }) => status === 'fulfilled').length;
  };
  /** Another instance, which stands by, may have been told to kill. */
  const hearKill = async () => {
    const wasKilled = kill.state.killed;
    await kill.load();
    if (kill.state.killed && !wasKilled) await cancelAll();
  };
  const noteEquity = () => {
    if (leadership?.missing !== undefined || ledger.unrecorded !== undefined) return;
    const { realised, unrealised } = ledger.worth((symbol) => feed.markets.get(symbol)?.mark);
    journal
      .addEquity(plain(realised), plain(unrealised))
      .catch((error: unknown) => log.warn('could not note what all is worth', { error }));
    news.allChanged();
  };
  let silence: string | undefined;
  const heard = () => {
    silence = undefined;
  };
  /** Where the database is away, the lock is lost and nothing is ordered anyway. Said once for each reason. */
  const unheard = (error: unknown) => {
    const reason = reasonOf(error);
    if (reason !== silence) log.warn('could not read the kill switch', { error });
    silence = reason;
  };
  const timers = [
    setInterval(look, LOOK_EVERY_MS),
    setInterval(() => void hearKill().then(heard, unheard), HEAR_KILL_EVERY_MS),
    setInterval(() => leadership?.missing === undefined && void reconcile(), configuration.RECONCILE_MS),
    setInterval(noteEquity, configuration.EQUITY_MS),
  ];

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
      leadership?.standsBy === true ||
      (missing() === undefined && [...feed.markets.values()].every(({ middle }) => middle !== undefined)),
    cancelAll,
    async close() {
      for (const timer of timers) clearInterval(timer);
      feed.close();
      await exchange.close();
      ledger.close();
      await leadership?.close();
    },
  };
}
