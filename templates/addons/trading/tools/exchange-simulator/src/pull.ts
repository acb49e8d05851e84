/** What moves the price of a market besides chance, as shares a second: a drift, and a swing whose sign turns. */
export class Pull {
  #drift = { share: 0, left: 0 };
  #swing = { share: 0, every: 0, left: 0, passed: 0 };

  /** @param seconds after which it is over */
  drift(share: number, seconds = Number.POSITIVE_INFINITY): void {
    this.#drift = { share, left: seconds };
  }

  /**
   * Up for `every` seconds, down for as long, and so on. One that is under way keeps its turn and does not end sooner:
   * several who ask for the same get it whole.
   *
   * @param seconds after which it is over
   */
  swing(share: number, every: number, seconds = Number.POSITIVE_INFINITY): void {
    const { left, passed } = this.#swing;
    const goesOn = left > 0 && share !== 0;
    this.#swing = goesOn
      ? { share, every, left: Math.max(left, seconds), passed }
      : { share, every, left: seconds, passed: 0 };
  }

  /** So much time has passed. */
  pass(seconds: number): void {
    this.#drift.left -= seconds;
    this.#swing.left -= seconds;
    this.#swing.passed += seconds;
  }

  /** What the price gains in a second, now. */
  get share(): number {
    return this.drifting + this.swinging;
  }

  /** The part of it that keeps its sign. */
  get drifting(): number {
    return this.#drift.left > 0 ? this.#drift.share : 0;
  }

  /** The part of it whose sign turns. */
  get swinging(): number {
    const { share, every, left, passed } = this.#swing;
    if (left <= 0) return 0;
    return Math.floor(passed / every) % 2 === 0 ? share : -share;
  }
}
