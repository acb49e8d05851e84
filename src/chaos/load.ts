import { randomUUID } from 'node:crypto';
import type { Context } from '../context.ts';
import { correlated, fill } from '../flow/index.ts';
import type { LoadRequest } from '../model/chaos.ts';
import type { Stack } from '../model/stack.ts';
import type { Experiment } from './experiment.ts';

const SQL_CONNECT_MS = 5_000;
/** How long what was confirmed may take to be found. */
const KEPT_WITHIN_MS = 20_000;
const KEPT_POLL_MS = 500;

type LoadSettings = NonNullable<Experiment['load']>;

/** Requests at a steady rate, whatever becomes of them: one that hangs keeps no other from being sent. */
export class Load {
  readonly requests: LoadRequest[] = [];
  readonly #context: Context;
  readonly #stack: Stack;
  readonly #settings: LoadSettings;
  readonly #pending = new Set<Promise<void>>();
  readonly #over = new AbortController();
  readonly #begun: number;
  #ticking: Promise<void> = Promise.resolve();

  constructor(context: Context, stack: Stack, settings: LoadSettings) {
    this.#context = context;
    this.#stack = stack;
    this.#settings = settings;
    this.#begun = context.clock.monotonic();
  }

  start(): void {
    this.#ticking = this.#tick();
  }

  /** Sends no more, and waits for what is under way. */
  async stop(): Promise<void> {
    this.#over.abort();
    await this.#ticking;
    await Promise.all(this.#pending);
  }

  /** Of the requests that were answered 2xx, those that are not where they should be kept. */
  async lost(): Promise<LoadRequest[] | undefined> {
    const { kept } = this.#settings;
    const database = this.#stack.resources.find(({ name }) => name === kept?.resource);
    if (kept === undefined || database === undefined) return undefined;
    const { clock } = this.#context;
    const deadline = clock.monotonic() + KEPT_WITHIN_MS;
    const sql = await this.#context.sql(database.endpoint.url, { timeoutMs: SQL_CONNECT_MS });
    try {
      for (let missing = this.requests.filter(isAnswered); ; ) {
        const ids = missing.map(({ correlationId }) => correlationId);
        const { rows } = await sql.query(kept.query, [ids]);
        const found = new Set(rows.map((row) => String(Object.values(row)[0])));
        missing = missing.filter(({ correlationId }) => !found.has(correlationId));
        if (missing.length === 0 || clock.monotonic() > deadline) return missing;
        await clock.sleep(KEPT_POLL_MS, this.#context.interrupted);
      }
    } finally {
      await sql.close();
    }
  }

  async #tick(): Promise<void> {
    const { clock, interrupted } = this.#context;
    const end = AbortSignal.any([interrupted, this.#over.signal]);
    const every = 1000 / this.#settings.rate;
    for (let sent = 0; !end.aborted; sent += 1) {
      const request = this.#send();
      this.#pending.add(request);
      void request.finally(() => this.#pending.delete(request));
      // By the time of the clock, so that a late tick does not make all that follow late.
      const next = this.#begun + (sent + 1) * every;
      await clock.sleep(Math.max(0, next - clock.monotonic()), end).catch(() => {});
    }
  }

  async #send(): Promise<void> {
    const { clock, http } = this.#context;
    const correlationId = randomUUID();
    const variables = { stack: this.#stack, correlationId, captures: new Map() };
    const { method, url, headers, json } = fill(correlated(this.#settings.request, this.#stack), variables);
    const at = clock.monotonic();
    const done = (status?: number) =>
      this.requests.push({
        atMs: at - this.#begun,
        tookMs: clock.monotonic() - at,
        correlationId,
        ...(status === undefined ? {} : { status }),
      });
    try {
      const answer = await http(url, {
        method,
        headers: { ...(json === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
        ...(json === undefined ? {} : { body: JSON.stringify(json) }),
        timeoutMs: this.#settings.within,
      });
      done(answer.status);
    } catch {
      done();
    }
  }
}

export function isAnswered({ status }: LoadRequest): boolean {
  return status !== undefined && status >= 200 && status < 300;
}
