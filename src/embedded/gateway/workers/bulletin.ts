import type { PluginHost } from '../plugin.ts';
import type { FromWorker, ToWorker } from './messages.ts';

/** How many events of one name wait for who takes them; the oldest are forgotten. */
const MOST_KEPT = 10_000;

/**
 * What plugins tell the other workers of the gateway. The primary tells it to all, in the order in which it came. What
 * comes before a request has brought the plugin to life in this worker waits for it.
 */
export class Bulletin {
  readonly #send: (message: FromWorker) => void;
  readonly #kept = new Map<string, unknown[]>();
  readonly #takers = new Map<string, (event: unknown) => void>();

  constructor(send: (message: FromWorker) => void) {
    this.#send = send;
  }

  readonly join: PluginHost['bulletin'] = (name, take) => {
    this.#takers.set(name, take as (event: unknown) => void);
    for (const event of this.#kept.get(name) ?? []) this.take({ name, event });
    this.#kept.delete(name);
    return (event) => this.#send({ kind: 'event', name, event });
  };

  take({ name, event }: Omit<Extract<ToWorker, { kind: 'event' }>, 'kind'>): void {
    const take = this.#takers.get(name);
    if (take !== undefined) {
      take(event);
      return;
    }
    const kept = this.#kept.get(name) ?? [];
    if (kept.push(event) > MOST_KEPT) kept.shift();
    this.#kept.set(name, kept);
  }
}
