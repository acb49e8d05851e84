import { errors } from './errors.ts';

export interface Limits {
  /** Request weight in a minute. */
  weight: number;
  /** Orders in ten seconds, and in a day. */
  ordersIn10Seconds: number;
  ordersInADay: number;
}

/** Binance's own: https://developers.binance.com/docs/binance-spot-api-docs/rest-api/limits */
export const BINANCE_LIMITS: Limits = { weight: 6_000, ordersIn10Seconds: 100, ordersInADay: 200_000 };

const MINUTE_MS = 60_000;
const TEN_SECONDS_MS = 10_000;
const DAY_MS = 86_400_000;
/** Whoever goes on after so many refusals in a minute is banned, for this long. */
const REFUSALS_BEFORE_BAN = 50;
const BAN_MS = 120_000;

/** Counts by fixed windows, as Binance does, and bans who does not stop. */
export class RateLimits {
  readonly limits: Limits;
  readonly #now: () => number;
  readonly #windows = new Map<number, { start: number; used: number }>();
  #refusals = 0;
  #bannedUntil = 0;

  constructor(limits: Limits, now: () => number) {
    this.limits = limits;
    this.#now = now;
  }

  /** @throws ExchangeError 429 or 418 */
  request(weight: number): void {
    const now = this.#now();
    if (now < this.#bannedUntil) throw errors.banned(this.#bannedUntil, secondsTo(this.#bannedUntil, now));
    const window = this.#window(MINUTE_MS);
    if (window.used === 0) this.#refusals = 0;
    window.used += weight;
    if (window.used <= this.limits.weight) return;
    this.#refusals += 1;
    if (this.#refusals > REFUSALS_BEFORE_BAN) this.#bannedUntil = now + BAN_MS;
    throw errors.tooManyRequests(secondsTo(window.start + MINUTE_MS, now));
  }

  /** @throws ExchangeError 429 */
  order(): void {
    const now = this.#now();
    const [short, long] = [this.#window(TEN_SECONDS_MS), this.#window(DAY_MS)];
    if (short.used >= this.limits.ordersIn10Seconds)
      throw errors.tooManyOrders(secondsTo(short.start + TEN_SECONDS_MS, now));
    if (long.used >= this.limits.ordersInADay)
      throw errors.tooManyOrders(secondsTo(long.start + DAY_MS, now));
    short.used += 1;
    long.used += 1;
  }

  headers(): Record<string, string> {
    return {
      'x-mbx-used-weight': String(this.#window(MINUTE_MS).used),
      'x-mbx-used-weight-1m': String(this.#window(MINUTE_MS).used),
      'x-mbx-order-count-10s': String(this.#window(TEN_SECONDS_MS).used),
      'x-mbx-order-count-1d': String(this.#window(DAY_MS).used),
    };
  }

  #window(ms: number): { start: number; used: number } {
    const start = this.#now() - (this.#now() % ms);
    let window = this.#windows.get(ms);
    if (window?.start !== start) {
      window = { start, used: 0 };
      this.#windows.set(ms, window);
    }
    return window;
  }
}

function secondsTo(time: number, now: number): number {
  return Math.max(1, Math.ceil((time - now) / 1000));
}
