import { reasonOf } from '@stack/runtime/errors';
import type { Log } from '@stack/runtime/logging';
import { plain } from '@stack/trading/decimal';
import type { RiskLimits } from '@stack/trading/risk';
import type { Configuration } from './configuration.ts';
import type { DayCount } from './day-count.ts';
import type { Exchange } from './exchange/exchange.ts';
import type { KillSwitch } from './kill-switch.ts';
import type { Feed } from './market/feed.ts';
import type { Executor } from './orders/executor.ts';
import type { Journal } from './orders/journal.ts';
import type { Ledger } from './orders/ledger.ts';
import type { PositionNews } from './position-news.ts';

export interface RoundsOptions {
  configuration: Configuration;
  exchange: Exchange;
  limits: RiskLimits;
  feed: Feed;
  ledger: Ledger;
  journal: Journal;
  executor: Executor;
  kill: KillSwitch;
  count: DayCount;
  news: PositionNews;
  log: Log;
  /** Whether this instance is the one that trades. */
  leads(): boolean;
}

const LOOK_EVERY_MS = 100;
const HEAR_KILL_EVERY_MS = 500;

/** What is looked at again and again while it trades: orders, the loss of the day, the kill switch, what all is worth. */
export class Rounds {
  readonly #options: RoundsOptions;
  #timers: NodeJS.Timeout[] = [];
  #reconciling: Promise<unknown> = Promise.resolve();
  /** Why the kill switch could not be read the last time. */
  #silence: string | undefined;

  constructor(options: RoundsOptions) {
    this.#options = options;
  }

  start(): void {
    const { configuration, leads } = this.#options;
    this.#timers = [
      setInterval(() => this.#look(), LOOK_EVERY_MS),
      setInterval(() => void this.#hearKill(), HEAR_KILL_EVERY_MS),
      setInterval(() => leads() && this.reconcile(), configuration.RECONCILE_MS),
      setInterval(() => this.#noteEquity(), configuration.EQUITY_MS),
    ];
  }

  close(): void {
    for (const timer of this.#timers) clearInterval(timer);
  }

  /** Asks what became of orders, one time after the other. */
  reconcile(): void {
    const { executor, log } = this.#options;
    this.#reconciling = this.#reconciling
      .then(() => executor.reconcile())
      .catch((error: unknown) => log.warn('could not ask what became of orders', { error }));
  }

  /** Takes every open order out of the book. @returns how many are out of it */
  async cancelAll(): Promise<number> {
    const { executor, ledger, log } = this.#options;
    const open = [...ledger.undone.values()].filter(
      ({ status }) => status === 'open' || status === 'unknown',
    );
    const tried = await Promise.allSettled(open.map((order) => executor.cancel(order, false)));
    for (const each of tried)
      if (each.status === 'rejected') log.error('COULD NOT CANCEL AN ORDER', { error: each.reason });
    return tried.filter(({ status }) => status === 'fulfilled').length;
  }

  /** Orders that wait too long; the loss of the day. */
  #look(): void {
    const { configuration, exchange, executor, kill, ledger, limits, count, log } = this.#options;
    for (const order of ledger.undone.values()) {
      const waits = order.status === 'open' && exchange.now() - order.createdAt > configuration.ORDER_TTL_MS;
      if (waits)
        executor
          .cancel(order, !kill.state.killed)
          .catch((error: unknown) => log.warn('could not cancel an order', { error }));
    }
    const loss = count.profit(this.#worth()).times('-1');
    if (kill.state.killed || !loss.gte(limits.dailyLoss)) return;
    void kill.set(true, `today's loss is ${plain(loss)}, the limit is ${plain(limits.dailyLoss)}`, 'risk');
    void this.cancelAll();
  }

  /** Another instance, which stands by, may have been told to kill. */
  async #hearKill(): Promise<void> {
    const { kill, log } = this.#options;
    try {
      const wasKilled = kill.state.killed;
      await kill.load();
      if (kill.state.killed && !wasKilled) await this.cancelAll();
      this.#silence = undefined;
    } catch (error) {
      // Where the database is away, the lock is lost and nothing is ordered anyway. Said once for each reason.
      const reason = reasonOf(error);
      if (reason !== this.#silence) log.warn('could not read the kill switch', { error });
      this.#silence = reason;
    }
  }

  #noteEquity(): void {
    const { journal, ledger, leads, log, news } = this.#options;
    if (!leads() || ledger.unrecorded !== undefined) return;
    const { realised, unrealised } = this.#worth();
    journal
      .addEquity(plain(realised), plain(unrealised))
      .catch((error: unknown) => log.warn('could not note what all is worth', { error }));
    news.allChanged();
  }

  #worth() {
    const { feed, ledger } = this.#options;
    return ledger.worth((symbol) => feed.markets.get(symbol)?.mark);
  }
}
