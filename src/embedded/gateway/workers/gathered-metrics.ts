import { lasting, type MetricValues, together } from '../metrics.ts';
import type { ToWorker } from './messages.ts';

/** Who has metrics of its own. */
interface Source {
  send(message: ToWorker): void;
}

/** A worker that is slower than this counts with what it said the last time. */
const PATIENCE_MS = 1_000;
const MOST_PAST = 8;

/**
 * The metrics of all workers as those of one gateway. What a worker has once said is not forgotten when it ends: counts
 * never go back.
 */
export class GatheredMetrics {
  /** What counts on of workers that are gone. */
  #past: MetricValues[][] = [];
  #folding = false;
  readonly #latest = new Map<Source, MetricValues[]>();
  readonly #waiting = new Map<number, () => void>();
  #lastNumber = 0;

  /** Gives them in the form of Prometheus. */
  async text(sources: readonly Source[]): Promise<string> {
    await Promise.all(sources.map((source) => this.#ask(source)));
    return together([...this.#past, ...this.#latest.values()]).metrics();
  }

  take(source: Source, { number, metrics }: { number: number; metrics: MetricValues[] }): void {
    this.#latest.set(source, metrics);
    this.#waiting.get(number)?.();
  }

  /** A worker is gone, and everything that it has said has come. */
  leave(source: Source): void {
    const last = this.#latest.get(source);
    this.#latest.delete(source);
    if (last === undefined) return;
    this.#past.push(lasting(last));
    if (this.#past.length > MOST_PAST && !this.#folding) void this.#fold();
  }

  /** Adds up what there is of workers that are gone. */
  async #fold(): Promise<void> {
    this.#folding = true;
    const { length } = this.#past;
    const sum = await together(this.#past).getMetricsAsJSON();
    this.#past = [sum, ...this.#past.slice(length)];
    this.#folding = false;
  }

  #ask(source: Source): Promise<void> {
    const number = ++this.#lastNumber;
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(late);
        this.#waiting.delete(number);
        resolve();
      };
      const late = setTimeout(done, PATIENCE_MS);
      this.#waiting.set(number, done);
      source.send({ kind: 'metrics?', number });
    });
  }
}
