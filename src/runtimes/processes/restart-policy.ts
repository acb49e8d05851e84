const FIRST_BACKOFF_MS = 500;
const MAX_BACKOFF_MS = 30_000;
/** What crashes oftener than this within the window is beyond being helped by another start. */
export const RESTART_BUDGET = 5;
const WINDOW_MS = 10 * 60_000;

/**
 * When a crashed process is started again. The pause doubles with each crash until the process was ready again (that it
 * was started means nothing); a budget within a sliding window ends also what is ready for a moment each time.
 */
export class RestartPolicy {
  readonly #random: () => number;
  #crashes: number[] = [];
  #sinceReady = 0;

  /** `random` gives numbers from 0 to 1. */
  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  /** Crashes within the window. */
  get crashes(): number {
    return this.#crashes.length;
  }

  /** It answered: the next pause is a short one again. */
  ready(): void {
    this.#sinceReady = 0;
  }

  /**
   * @param now milliseconds that never jump: a laptop that slept has neither lost nor gathered crashes
   * @returns the milliseconds until the next start, or `undefined` when the budget is spent
   */
  crashed(now: number): number | undefined {
    this.#crashes = [...this.#crashes.filter((at) => now - at < WINDOW_MS), now];
    if (this.#crashes.length > RESTART_BUDGET) return undefined;
    const backoff = Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** this.#sinceReady);
    this.#sinceReady += 1;
    // Half of it by chance, so that what crashed together does not come back together.
    return backoff / 2 + (this.#random() * backoff) / 2;
  }
}
