import type { Context } from '../context.ts';
import type { Absence } from '../model/chaos.ts';
import type { Stack } from '../model/stack.ts';
import { observeResources } from '../observe/resources.ts';
import { Absences } from './absences.ts';

/** A look that waits longer tells less of when a part was away. */
const PATIENCE_MS = 5_000;

/** Looks at every part again and again, and notes from when to when each was not well. */
export class Timeline {
  readonly everyMs: number;
  readonly #context: Context;
  readonly #stack: Stack;
  readonly #begun: number;
  readonly #over = new AbortController();
  readonly #absences = new Absences();
  #looking: Promise<void> = Promise.resolve();

  constructor(context: Context, stack: Stack, everyMs: number) {
    this.#context = context;
    this.#stack = stack;
    this.everyMs = everyMs;
    this.#begun = context.clock.monotonic();
  }

  start(): void {
    this.#looking = this.#look();
  }

  /** What was away, in the order in which it went. */
  async stop(): Promise<Absence[]> {
    this.#over.abort();
    await this.#looking;
    return this.#absences.list;
  }

  async #look(): Promise<void> {
    const { clock, interrupted } = this.#context;
    const end = AbortSignal.any([interrupted, this.#over.signal]);
    while (!end.aborted) {
      const at = clock.monotonic() - this.#begun;
      const { resources } = await observeResources(this.#context, this.#stack, {
        patienceMs: PATIENCE_MS,
      }).catch(() => ({ resources: [] }));
      for (const each of resources) this.#absences.take(each, at);
      await clock.sleep(this.everyMs, end).catch(() => {});
    }
  }
}
