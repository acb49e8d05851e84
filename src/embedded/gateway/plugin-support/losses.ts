import type { PluginHost } from '../plugin.ts';

/** Between two lines about the same kind of loss. */
const SAID_EVERY_MS = 60_000;

/** Counts what a plugin has to let go, and says it: the first at once, then what has come together in a minute. */
export class Losses {
  readonly #host: PluginHost;
  readonly #what: string;
  #unsaid = 0;
  #total = 0;
  #saidAt = Number.NEGATIVE_INFINITY;

  /** @param what names it in the log: `requests to mirror` */
  constructor(host: PluginHost, what: string) {
    this.#host = host;
    this.#what = what;
  }

  /** Says what is not said yet. */
  end(): void {
    this.#say('the gateway closes');
  }

  add(count: number, reason: string): void {
    this.#unsaid += count;
    this.#total += count;
    if (this.#host.now() - this.#saidAt >= SAID_EVERY_MS) this.#say(reason);
  }

  #say(reason: string): void {
    if (this.#unsaid === 0) return;
    this.#host.log('warn', `${this.#what} lost: ${this.#unsaid} (${reason})`, { total: this.#total });
    this.#saidAt = this.#host.now();
    this.#unsaid = 0;
  }
}
