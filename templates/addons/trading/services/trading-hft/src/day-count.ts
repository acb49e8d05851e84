import type { Decimal } from '@stack/trading/decimal';

const DAY_MS = 86_400_000;
const TEN_SECONDS_MS = 10_000;

/** Midnight before that moment, UTC, in milliseconds. */
export function midnightBefore(time: number): number {
  return time - (time % DAY_MS);
}

/** Counts what has a limit a day (UTC): orders, and the profit since midnight. */
export class DayCount {
  readonly #now: () => number;
  #day: number;
  #today = 0;
  #recent: number[] = [];
  /** What all was worth at midnight, or at the first moment that is known. */
  #base: Decimal | undefined;

  constructor(now: () => number = Date.now) {
    this.#now = now;
    this.#day = midnightBefore(now());
  }

  /** What was so far today, as the database has it. */
  begin(orders: number, base: Decimal | undefined): void {
    this.#today = orders;
    this.#base = base;
  }

  /** An order is sent. */
  add(): void {
    this.#turn();
    this.#today += 1;
    this.#recent.push(this.#now());
  }

  sent(): { in10Seconds: number; today: number } {
    this.#turn();
    const since = this.#now() - TEN_SECONDS_MS;
    this.#recent = this.#recent.filter((time) => time > since);
    return { in10Seconds: this.#recent.length, today: this.#today };
  }

  /** Since midnight; what is said first each day is what the rest is compared with. */
  profit({ realised, unrealised }: { realised: Decimal; unrealised: Decimal }): Decimal {
    this.#turn();
    const worth = realised.plus(unrealised);
    this.#base ??= worth;
    return worth.minus(this.#base);
  }

  #turn(): void {
    const day = midnightBefore(this.#now());
    if (day === this.#day) return;
    this.#day = day;
    this.#today = 0;
    this.#base = undefined;
  }
}
