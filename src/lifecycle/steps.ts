import type { Clock } from '../context.ts';
import type { StepTime } from '../model/lifecycle.ts';

/**
 * Work that waits for other work: each step begins when all that it comes after is done, and as much goes on at a time
 * as that order allows. The first failure aborts `failed`; what has not begun then never does.
 */
export class Steps {
  readonly failed = new AbortController();
  readonly #clock: Clock;
  readonly #begin: number;
  readonly #done = new Map<string, Promise<void>>();
  readonly #times: StepTime[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#begin = clock.monotonic();
  }

  has(name: string): boolean {
    return this.#done.has(name);
  }

  /** What it comes after must have been added before; names that are not there are nothing to wait for. */
  add(name: string, after: readonly string[], work: () => Promise<void>): void {
    const known = after.filter((needed) => this.#done.has(needed));
    const done = this.#run(name, known, work);
    // It is awaited below; until then its failure must not count as unhandled.
    done.catch(() => {});
    this.#done.set(name, done);
  }

  /** Resolves when all is done; rejects with the first failure once everything has come to rest. */
  async settled(): Promise<void> {
    const results = await Promise.allSettled(this.#done.values());
    if (this.failed.signal.aborted) throw this.failed.signal.reason;
    const failure = results.find((result) => result.status === 'rejected');
    if (failure !== undefined) throw failure.reason;
  }

  /** Of the steps that are done. */
  times(): StepTime[] {
    return this.#times;
  }

  async #run(name: string, after: string[], work: () => Promise<void>): Promise<void> {
    await Promise.all(after.map((needed) => this.#done.get(needed)));
    const startMs = this.#clock.monotonic() - this.#begin;
    try {
      await work();
    } catch (error) {
      this.failed.abort(error);
      throw error;
    }
    this.#times.push({ name, after, startMs, endMs: this.#clock.monotonic() - this.#begin });
  }
}
