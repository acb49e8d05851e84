import type { Context } from '../context.ts';
import { observeResources } from '../infra/index.ts';
import type { Absence } from '../model/chaos.ts';
import type { Stack } from '../model/stack.ts';

/** Looks at every part again and again, and notes from when to when each was not well. */
export class Timeline {
  readonly everyMs: number;
  readonly #context: Context;
  readonly #stack: Stack;
  readonly #begun: number;
  readonly #over = new AbortController();
  readonly #absences: Absence[] = [];
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
    return this.#absences;
  }

  async #look(): Promise<void> {
    const { clock, interrupted } = this.#context;
    const end = AbortSignal.any([interrupted, this.#over.signal]);
    while (!end.aborted) {
      const at = clock.monotonic() - this.#begun;
      const { resources } = await observeResources(this.#context, this.#stack).catch(() => ({
        resources: [],
      }));
      for (const { name, state } of resources) this.#note(name, state === 'active', at);
      await clock.sleep(this.everyMs, end).catch(() => {});
    }
  }

  #note(part: string, isWell: boolean, at: number): void {
    const open = this.#absences.find((each) => each.part === part && each.toMs === undefined);
    if (isWell && open !== undefined) open.toMs = at;
    if (!isWell && open === undefined) this.#absences.push({ part, fromMs: at });
  }
}
