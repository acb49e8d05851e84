import { randomUUID } from 'node:crypto';
import type { Signal } from '@stack/contracts/trading';
import type { Log } from '@stack/runtime/logging';
import { CORRELATION_ID, type Tracing } from '@stack/runtime/tracing';
import type { Candle } from '@stack/trading/candle';
import { type Decimal, ofNumber, plain, ZERO } from '@stack/trading/decimal';
import { Desk, type Indicators } from '@stack/trading/desk';
import { fit } from '@stack/trading/filters';
import type { OrderSide } from '@stack/trading/order';
import { assess, type RiskLimits, type RiskState } from '@stack/trading/risk';
import type { Strategy } from '@stack/trading/strategy';
import { type Asking, isSilence } from './asking.ts';
import type { Mode } from './configuration.ts';
import type { DayCount } from './day-count.ts';
import type { Considered, Decision } from './decision.ts';
import type { Exchange } from './exchange/exchange.ts';
import type { KillSwitch } from './kill-switch.ts';
import type { TradingMetrics } from './metrics.ts';
import { type Executor, expiryOf } from './orders/executor.ts';
import type { Journal, SignalRow } from './orders/journal.ts';
import { clientOrderIdOf, type JournalOrder } from './orders/order.ts';
import { Pricing, type PricingOptions } from './pricing.ts';
import type { TradingEvents } from './trading-events.ts';

export interface TraderOptions extends PricingOptions {
  mode: Mode;
  strategy: Strategy;
  symbols: readonly string[];
  limits: RiskLimits;
  replacements: number;
  exchange: Exchange;
  journal: Journal;
  executor: Executor;
  asking: Asking;
  kill: KillSwitch;
  count: DayCount;
  metrics: TradingMetrics;
  tracing: Tracing;
  log: Log;
  /** Why this instance must not trade. */
  missing(): string | undefined;
  events: Pick<TradingEvents, 'decided'>;
}

/** From a candle to an order: strategy, the core's signal, risk, journal, exchange. */
export class Trader {
  readonly #options: TraderOptions;
  readonly #desk: Desk;
  readonly #pricing: Pricing;
  /** Symbols that a decision of the strategy is on its way for. */
  readonly #busy = new Set<string>();
  #deciding: Promise<unknown> = Promise.resolve();

  constructor(options: TraderOptions) {
    this.#options = options;
    this.#desk = new Desk(options.strategy);
    this.#pricing = new Pricing(options);
  }

  /** A candle that is over. */
  candle(symbol: string, candle: Candle, heardAt: number): void {
    const { metrics, log, exchange } = this.#options;
    const candidate = this.#desk.candle(symbol, candle, this.#pricing.holds(symbol, candle.close));
    const decidedAt = performance.now();
    metrics.tickToDecision.observe((decidedAt - heardAt) / 1000);
    // Candles of the past warm the indicators up; nobody trades by them.
    const isNow = exchange.now() - candle.closeTime < this.#options.limits.staleMs;
    if (candidate === undefined || !isNow || this.#busy.has(symbol) || this.#standsStill() !== undefined)
      return;
    this.#busy.add(symbol);
    const correlationId = randomUUID();
    const { side, strategy, indicators } = candidate;
    this.consider({ symbol, side, strategy, indicators, correlationId, eventId: randomUUID(), decidedAt })
      .catch((error: unknown) => log.correlated(correlationId).error('could not decide', { symbol, error }))
      .finally(() => this.#busy.delete(symbol));
  }

  indicators(symbol: string): Indicators | undefined {
    return this.#desk.indicators(symbol);
  }

  /** Asks the core and does what follows. @throws while what is decided cannot be written down */
  consider(considered: Considered): Promise<Decision> {
    const { tracing, symbols } = this.#options;
    if (!symbols.includes(considered.symbol)) throw new TypeError(`no symbol ${considered.symbol}`);
    const attributes = { [CORRELATION_ID]: considered.correlationId, 'trading.symbol': considered.symbol };
    const entry = { attributes, parent: considered.span };
    return tracing.span(`decide ${considered.side} ${considered.symbol}`, entry, (span) =>
      this.#consider({ ...considered, span }),
    );
  }

  async #consider(considered: Considered): Promise<Decision> {
    const { asking, log, metrics, mode, feed } = this.#options;
    const { symbol, side, strategy, correlationId, span } = considered;
    const mark = feed.markets.get(symbol)?.mark;
    const nothing = { signal_id: null, action: null, client_order_id: null, duplicate: false } as const;
    if (mark === undefined)
      return { ...nothing, outcome: 'no_signal', reason: 'nothing is known of the market yet' };
    const price = this.#pricing.priceOf(symbol, side) ?? ofNumber(mark);
    const quantity = this.#pricing.quantityOf(symbol, side, price);
    try {
      const signal = await asking.ask(
        {
          symbol,
          side,
          strategy,
          price: plain(price),
          quantity: plain(quantity),
          ...(considered.indicators === undefined ? {} : { indicators: { ...considered.indicators } }),
          observed_at: new Date().toISOString(),
          mode,
        },
        considered,
      );
      const { decision, order } = await this.#inTurn(() => this.#decide(considered, signal));
      // Others may decide meanwhile: the order is known to the ledger.
      if (order !== undefined) await this.#options.executor.send(order, span);
      return decision;
    } catch (error) {
      if (!isSilence(error)) throw error;
      // Without a signal nothing is done.
      const reason = (error as Error).message;
      log.correlated(correlationId).warn('no signal, no trade', { symbol, reason });
      metrics.signals.inc({ outcome: 'no_signal' });
      return { ...nothing, outcome: 'no_signal', reason };
    }
  }

  /** One decision at a time: the limits of all symbols are looked at together. */
  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const turn = this.#deciding.then(work, work);
    this.#deciding = turn.catch(() => {});
    return turn;
  }

  async #decide(
    considered: Considered,
    signal: Signal,
  ): Promise<{ decision: Decision; order: JournalOrder | undefined }> {
    const { journal, metrics, log, ledger, count, events } = this.#options;
    const { correlationId, symbol, side } = considered;
    const judged = this.#judge(considered, signal);
    const order = judged.outcome === 'ordered' ? this.#orderOf(considered, signal, judged) : undefined;
    const row: SignalRow = {
      signalId: signal.signal_id,
      eventId: considered.eventId,
      correlationId,
      symbol,
      side,
      strategy: considered.strategy,
      action: signal.action,
      confidence: signal.confidence,
      price: plain(judged.price),
      quantity: plain(judged.quantity),
      outcome: judged.outcome,
      reason: judged.reason,
    };
    const before = await journal.takeUp(row, order);
    if (before !== undefined) {
      log
        .correlated(correlationId)
        .info('a signal came again', { signal: signal.signal_id, outcome: before.outcome });
      const decision: Decision = {
        signal_id: before.signalId,
        action: before.action,
        outcome: before.outcome,
        reason: before.reason,
        client_order_id: before.clientOrderId ?? null,
        duplicate: true,
      };
      return { decision, order: undefined };
    }
    metrics.signals.inc({ outcome: judged.outcome });
    if (judged.check !== undefined) metrics.refusals.inc({ check: judged.check });
    const decision: Decision = {
      signal_id: signal.signal_id,
      action: signal.action,
      outcome: judged.outcome,
      reason: judged.reason,
      client_order_id: order?.clientOrderId ?? null,
      duplicate: false,
    };
    log.correlated(correlationId).info('decided', { symbol, side, ...decision });
    events.decided(decision, considered);
    if (order !== undefined) {
      count.add();
      ledger.add(order);
      metrics.decisionToOrder.observe((performance.now() - considered.decidedAt) / 1000);
    }
    return { decision, order };
  }

  #judge(
    { symbol, side }: Considered,
    signal: Signal,
  ): {
    outcome: 'ordered' | 'refused' | 'ignored';
    reason: string;
    check?: string;
    price: Decimal;
    quantity: Decimal;
  } {
    const price = this.#pricing.priceOf(symbol, side) ?? ZERO;
    const quantity = price.gt(ZERO) ? this.#pricing.quantityOf(symbol, side, price) : ZERO;
    const proposed = { symbol, side, price, quantity };
    if (signal.action !== side)
      return { ...proposed, outcome: 'ignored', reason: `the signal says ${signal.action}` };
    if (Date.parse(signal.valid_until) < Date.now())
      return { ...proposed, outcome: 'ignored', reason: `the signal was valid until ${signal.valid_until}` };
    return this.#check(proposed);
  }

  #check(proposed: { symbol: string; side: OrderSide; price: Decimal; quantity: Decimal }) {
    const filters = this.#options.filters.get(proposed.symbol);
    if (filters === undefined) throw new Error(`no filters of ${proposed.symbol}`);
    // First what stops everything, in the words of its check; then what the exchange takes.
    const state = this.riskState(proposed.symbol);
    const fitted = fit(proposed, filters);
    const order = fitted.fits ? { ...proposed, ...fitted } : proposed;
    const verdict = assess(order, state, this.#options.limits);
    if (!verdict.allowed)
      return { ...order, outcome: 'refused' as const, reason: verdict.reason, check: verdict.check };
    if (!fitted.fits)
      return { ...order, outcome: 'refused' as const, reason: fitted.reason, check: 'filters' };
    return { ...order, outcome: 'ordered' as const, reason: 'within limits' };
  }

  /** What of a cancelled order is left is ordered again at the price of now, so many times, if the checks allow it. */
  async replace(order: JournalOrder): Promise<void> {
    const { replacements, journal, ledger, executor, log, count } = this.#options;
    if (order.attempt >= replacements) return;
    const next = await this.#inTurn(async () => {
      const { symbol, side } = order;
      const price = this.#pricing.priceOf(symbol, side);
      if (price === undefined) return undefined;
      const judged = this.#check({ symbol, side, price, quantity: order.quantity.minus(order.executed) });
      if (judged.outcome !== 'ordered') {
        log.correlated(order.correlationId).info('the rest of an order is left', {
          client_order_id: order.clientOrderId,
          reason: judged.reason,
        });
        return undefined;
      }
      const replacing = this.#newOrder(order, order.attempt + 1, judged);
      await journal.addOrder(replacing);
      count.add();
      ledger.add(replacing);
      return replacing;
    });
    if (next !== undefined) await executor.send(next);
  }

  /** What the risk checks are told. */
  riskState(symbol: string): RiskState {
    const { feed, ledger, kill, count, exchange } = this.#options;
    const market = feed.markets.get(symbol);
    const middle = market?.middle;
    const markOf = (each: string) => feed.markets.get(each)?.mark;
    let elsewhere = ZERO;
    for (const [other, position] of ledger.positions) {
      if (other === symbol) continue;
      const mark = markOf(other);
      if (mark !== undefined)
        elsewhere = elsewhere.plus(position.quantity.plus(ledger.open(other).buying).times(ofNumber(mark)));
    }
    return {
      killed: kill.state.killed ? `the kill switch is on: ${kill.state.reason}` : undefined,
      unrecorded: this.#options.missing() ?? ledger.unrecorded,
      barred: exchange.barred(),
      ageMs: feed.ageMs(symbol),
      middle: middle === undefined ? undefined : ofNumber(middle),
      held: ledger.held(symbol),
      open: ledger.open(symbol),
      elsewhere,
      profitToday: count.profit(ledger.worth(markOf)),
      sent: count.sent(),
    };
  }

  /** Why the strategy need not even ask. */
  #standsStill(): string | undefined {
    const { kill, ledger, missing } = this.#options;
    return kill.state.killed ? kill.state.reason : (missing() ?? ledger.unrecorded);
  }

  #orderOf(
    { symbol, side, correlationId }: Considered,
    signal: Signal,
    judged: { price: Decimal; quantity: Decimal },
  ) {
    return this.#newOrder({ signalId: signal.signal_id, correlationId, symbol, side }, 0, judged);
  }

  #newOrder(
    {
      signalId,
      correlationId,
      symbol,
      side,
    }: Pick<JournalOrder, 'signalId' | 'correlationId' | 'symbol' | 'side'>,
    attempt: number,
    { price, quantity }: { price: Decimal; quantity: Decimal },
  ): JournalOrder {
    const createdAt = this.#options.exchange.now();
    return {
      clientOrderId: clientOrderIdOf(signalId, attempt),
      signalId,
      attempt,
      correlationId,
      symbol,
      side,
      price,
      quantity,
      executed: ZERO,
      booked: ZERO,
      status: 'pending',
      reason: undefined,
      exchangeOrderId: undefined,
      createdAt,
      expiresAt: expiryOf(createdAt),
    };
  }
}
