import type { BucketRule, Counters, Place, Window, WindowRule } from '../counters.ts';
import { detached } from '../detached.ts';

/** Keys can come from clients: beyond this many of one limit the oldest is forgotten, as in APISIX's shared memory. */
const MAX_KEYS = 100_000;
/** How often what has ended is looked for, so that keys that never come again leave no trace. */
const SWEEP_MS = 60_000;

interface Ending {
  /** Milliseconds since the epoch. */
  endsAt: number;
}

interface KeptWindow extends Ending {
  remaining: number;
}

interface KeptBucket extends Ending {
  /** Requests ahead of the rate, as of `last`. */
  excess: number;
  last: number;
}

/** Counts in this process; they end with it. `now` gives milliseconds since the epoch. */
export class MemoryCounters implements Counters {
  readonly #now: () => number;
  readonly #windows = new Map<string, Map<string, KeptWindow>>();
  readonly #buckets = new Map<string, Map<string, KeptBucket>>();
  readonly #places = new Map<string, Map<string, number>>();
  #sweepAt = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** As lua-resty-limit-traffic's `resty.limit.count`. */
  takeWindow(limit: string, key: string, { count, seconds, cost }: WindowRule): Window {
    const now = this.#now();
    this.#sweep(now);
    const windows = tableOf(this.#windows, limit);
    let window = windows.get(key);
    if (window === undefined || window.endsAt <= now) {
      window = { remaining: count, endsAt: now + seconds * 1000 };
      putLast(windows, key, window);
    }
    window.remaining -= cost;
    return { remaining: window.remaining, resetSeconds: Math.ceil((window.endsAt - now) / 1000) };
  }

  /** As lua-resty-limit-traffic's `resty.limit.req`. */
  fillBucket(limit: string, key: string, { rate, burst }: BucketRule): number | undefined {
    const now = this.#now();
    this.#sweep(now);
    const buckets = tableOf(this.#buckets, limit);
    const bucket = buckets.get(key);
    const elapsed = bucket === undefined ? 0 : Math.abs(now - bucket.last) / 1000;
    const excess = bucket === undefined ? 0 : Math.max(bucket.excess - rate * elapsed + 1, 0);
    if (excess > burst) return undefined;
    // When all of it and this request have left, the bucket is as one that never was.
    putLast(buckets, key, { excess, last: now, endsAt: now + ((excess + 1) / rate) * 1000 });
    return excess;
  }

  /** As lua-resty-limit-traffic's `resty.limit.conn`. */
  enter(limit: string, key: string, most: number): Place | undefined {
    const places = tableOf(this.#places, limit);
    const taken = (places.get(key) ?? 0) + 1;
    if (taken > most) return undefined;
    places.set(taken === 1 ? detached(key) : key, taken);
    return { taken, leave: () => this.#leave(limit, key) };
  }

  #leave(limit: string, key: string): void {
    const places = this.#places.get(limit);
    const left = (places?.get(key) ?? 0) - 1;
    if (left > 0) places?.set(key, left);
    else places?.delete(key);
    if (places?.size === 0) this.#places.delete(limit);
  }

  #sweep(now: number): void {
    if (now < this.#sweepAt) return;
    this.#sweepAt = now + SWEEP_MS;
    for (const tables of [this.#windows, this.#buckets] as Map<string, Map<string, Ending>>[]) {
      for (const [limit, table] of tables) {
        for (const [key, { endsAt }] of table) if (endsAt <= now) table.delete(key);
        if (table.size === 0) tables.delete(limit);
      }
    }
  }
}

function tableOf<Value>(tables: Map<string, Map<string, Value>>, limit: string): Map<string, Value> {
  let table = tables.get(limit);
  if (table === undefined) {
    table = new Map();
    tables.set(limit, table);
  }
  return table;
}

/** Puts the value at the end; of too many the first is forgotten, which has been there the longest. */
function putLast<Value>(table: Map<string, Value>, key: string, value: Value): void {
  table.delete(key);
  table.set(detached(key), value);
  if (table.size > MAX_KEYS) table.delete(table.keys().next().value as string);
}
