import { messageOf } from '../../../errors.ts';
import type { PluginGauge, PluginHost } from '../plugin.ts';
import { waitMs } from '../wait.ts';
import { Losses } from './losses.ts';

/** How entries are put together, as apisix/utils/batch-processor.lua has it; times are seconds. */
export interface Batching {
  name: string;
  max_retry_count: number;
  retry_delay: number;
  /** How long the first entry waits for others at most. */
  buffer_duration: number;
  /** How long an entry waits when no other comes. */
  inactive_timeout: number;
  batch_max_size: number;
}

export const batchingFields = (name: string) => ({
  name: { type: 'string', default: name },
  max_retry_count: { type: 'integer', minimum: 0, default: 0 },
  retry_delay: { type: 'integer', minimum: 0, default: 1 },
  buffer_duration: { type: 'integer', minimum: 1, default: 60 },
  inactive_timeout: { type: 'integer', minimum: 1, default: 5 },
  batch_max_size: { type: 'integer', minimum: 1, default: 1000 },
});

/** What one processor holds at most, waiting or on its way: characters. */
const MOST_PENDING = 16 * 1024 * 1024;
/** How long the gateway waits, when it closes, for what is on its way. */
const CLOSE_MS = 5_000;

const pendingKey = {};

/** APISIX's, with its labels. */
const ENTRIES: PluginGauge = {
  name: 'apisix_batch_process_entries',
  help: 'batch process remaining entries',
  together: 'sum',
};

/** Whose entries they are: those of the request that the first came of. */
export interface BatchOrigin {
  routeId: string | undefined;
  serverAddress: string;
}

/** Collects entries and sends them in batches; tries again what could not be sent, and gives up at last. */
export class BatchProcessor {
  readonly #batching: Batching;
  readonly #send: (entries: string[]) => Promise<void>;
  readonly #host: PluginHost;
  readonly #losses: Losses;
  /** Those of the gateway that hold something, to be ended when it closes. */
  readonly #pending: Set<BatchProcessor>;
  readonly #underWay = new Set<Promise<void>>();
  readonly #pauses = new Set<() => void>();
  #labels: Record<string, string> | undefined;
  #entries: string[] = [];
  #held = 0;
  #firstAt = 0;
  #timer: NodeJS.Timeout | undefined;
  #ending = false;

  /** @param send rejects with what is to be said of a batch that was not taken */
  constructor(batching: Batching, send: (entries: string[]) => Promise<void>, host: PluginHost) {
    this.#batching = batching;
    this.#send = send;
    this.#host = host;
    this.#losses = new Losses(host, `entries of Batch Processor[${batching.name}]`);
    this.#pending = host.shared(pendingKey, () => {
      const pending = new Set<BatchProcessor>();
      host.onClose(async () => {
        await Promise.all([...pending].map((each) => each.end()));
      });
      return pending;
    });
  }

  push(entry: string, origin?: BatchOrigin): void {
    if (origin?.routeId !== undefined)
      this.#labels ??= {
        name: this.#batching.name,
        route_id: origin.routeId,
        server_addr: origin.serverAddress,
      };
    if (this.#held + entry.length > MOST_PENDING) {
      this.#losses.add(1, `more than ${MOST_PENDING} characters wait`);
      return;
    }
    this.#held += entry.length;
    this.#pending.add(this);
    const now = performance.now();
    if (this.#entries.push(entry) === 1) this.#firstAt = now;
    const { batch_max_size, inactive_timeout, buffer_duration } = this.#batching;
    if (this.#entries.length >= batch_max_size) {
      this.#flush();
      return;
    }
    this.#tell();
    const wait = Math.min(waitMs(inactive_timeout), this.#firstAt + buffer_duration * 1000 - now);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#flush(), Math.max(wait, 0)).unref();
  }

  /** Sends what is there, at once and once more where it failed; what is on its way then for too long is lost. */
  async end(): Promise<void> {
    this.#ending = true;
    this.#flush();
    for (const resume of this.#pauses) resume();
    const late = new Promise<void>((resolve) => setTimeout(resolve, CLOSE_MS).unref());
    await Promise.race([Promise.all(this.#underWay), late]);
    this.#losses.end();
  }

  #flush(): void {
    clearTimeout(this.#timer);
    if (this.#entries.length === 0) return;
    const entries = this.#entries;
    this.#entries = [];
    this.#tell();
    const delivery = this.#deliver(entries).then(() => {
      this.#underWay.delete(delivery);
      this.#held -= entries.reduce((sum, entry) => sum + entry.length, 0);
      if (this.#held === 0) this.#pending.delete(this);
    });
    this.#underWay.add(delivery);
  }

  #tell(): void {
    if (this.#labels !== undefined) this.#host.gauge(ENTRIES, this.#labels, this.#entries.length);
  }

  async #deliver(entries: string[]): Promise<void> {
    const { name, max_retry_count, retry_delay } = this.#batching;
    for (let tries = 0; ; tries++) {
      try {
        await this.#send(entries);
        return;
      } catch (error) {
        const reason = messageOf(error);
        this.#host.log('error', `Batch Processor[${name}] failed to process entries: ${reason}`);
        if (tries >= max_retry_count || this.#ending) {
          this.#losses.add(entries.length, `exceeded the max_retry_count: ${reason}`);
          return;
        }
      }
      await this.#pause(waitMs(retry_delay));
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const resume = () => {
        clearTimeout(timer);
        this.#pauses.delete(resume);
        resolve();
      };
      const timer = setTimeout(resume, ms).unref();
      this.#pauses.add(resume);
    });
  }
}
