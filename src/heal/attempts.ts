import * as z from 'zod';
import type { RemedyName } from '../model/heal.ts';
import { stateFile } from '../state/index.ts';

/** What was tried for one subject with one remedy. */
export interface Attempts {
  /** When, in milliseconds since the epoch. */
  at: number[];
  /** How often in a row since the subject was last well. */
  sinceWell: number;
  /** Why it is not tried any more. */
  quarantined?: string;
}

/** By remedy and subject. Kept in `.qbtc/heal.json`, so that a healer that is started anew goes on with it. */
export type AttemptBook = Record<string, Attempts>;

const WINDOW_MS = 10 * 60_000;
const FIRST_BACKOFF_MS = 1_000;
const MAX_BACKOFF_MS = 60_000;

export function keyOf(remedy: RemedyName, subject: string): string {
  return `${remedy} ${subject}`;
}

/** What is mended so many times as often as a remedy may fail, within the window, flaps: that must end, too. */
const FLAPPING = 3;

/**
 * Why a remedy is not to be tried again for a subject; `undefined` when it may be.
 *
 * @param most how often it may fail to help in a row
 */
export function spent(attempts: Attempts | undefined, most: number, now: number): string | undefined {
  if (attempts === undefined) return undefined;
  if (attempts.sinceWell >= most) return `was tried ${times(most)} and did not help`;
  const recent = attempts.at.filter((at) => now - at < WINDOW_MS).length;
  return recent >= most * FLAPPING ? `was needed ${times(recent)} within 10 minutes: it flaps` : undefined;
}

function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`;
}

/** Writes an attempt down. Pure. */
export function tried(book: AttemptBook, key: string, now: number): AttemptBook {
  const before = book[key];
  return {
    ...book,
    [key]: {
      ...before,
      at: [...(before?.at ?? []).filter((at) => now - at < WINDOW_MS), now],
      sinceWell: (before?.sinceWell ?? 0) + 1,
    },
  };
}

/** Gives a remedy up for a subject. Pure. */
export function quarantine(book: AttemptBook, key: string, reason: string): AttemptBook {
  return { ...book, [key]: { at: [], sinceWell: 0, ...book[key], quarantined: reason } };
}

/** Whatever is not among the unwell is well: its next pause is a short one again, its quarantine over. Pure. */
export function settled(book: AttemptBook, unwell: ReadonlySet<string>): AttemptBook {
  return Object.fromEntries(
    Object.entries(book).map(([key, attempts]) => [
      key,
      unwell.has(subjectOf(key)) ? attempts : { at: attempts.at, sinceWell: 0 },
    ]),
  );
}

/** Names of remedies hold no blank. */
function subjectOf(key: string): string {
  return key.slice(key.indexOf(' ') + 1);
}

/**
 * Milliseconds until the next attempt: the pause doubles with each one that did not help; half of it is by chance, so
 * that what failed together is not tried together.
 *
 * @param random from 0 to 1
 */
export function pauseBefore(attempts: Attempts | undefined, now: number, random: number): number {
  const last = attempts?.at.at(-1);
  const count = attempts?.sinceWell ?? 0;
  if (last === undefined || count === 0) return 0;
  const backoff = Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** (count - 1));
  return Math.max(0, last + backoff / 2 + (random * backoff) / 2 - now);
}

const attempts = z.object({
  at: z.array(z.number()),
  sinceWell: z.int().nonnegative(),
  quarantined: z.string().optional(),
}) as z.ZodType<Attempts>;

/** Empty where nothing was tried. What is damaged costs a few attempts more, and keeps nobody from mending. */
const file = stateFile<AttemptBook>('healing', z.record(z.string(), attempts), {});

export const readAttempts = (root: string): Promise<AttemptBook> => file.read(root);
export const writeAttempts = (root: string, book: AttemptBook): Promise<void> => file.write(root, book);
