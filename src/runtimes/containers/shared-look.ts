import type { Context } from '../../context.ts';

/** An engine takes a while to tell of all its containers: for so long its answer is good enough for those who wait. */
const LASTS_MS = 500;

/** One look for all who want to know at about the same time. */
export interface SharedLook<T> {
  look(): Promise<T>;
  /** Something has changed: who asks from now on is told of it. */
  drop(): void;
}

/** Shares what `ask` answers, from when it is asked until half a second after its answer. A failure is told once. */
export function sharedLook<T>({ clock }: Pick<Context, 'clock'>, ask: () => Promise<T>): SharedLook<T> {
  let shared: { answer: Promise<T>; until: number } | undefined;
  return {
    look() {
      if (shared !== undefined && clock.monotonic() <= shared.until) return shared.answer;
      const mine = { answer: ask(), until: Number.POSITIVE_INFINITY };
      shared = mine;
      mine.answer.then(
        () => {
          mine.until = clock.monotonic() + LASTS_MS;
        },
        () => {
          mine.until = Number.NEGATIVE_INFINITY;
        },
      );
      return mine.answer;
    },
    drop() {
      shared = undefined;
    },
  };
}
