/** What a timer can wait for, in milliseconds: in the place of more it would wait for 1 ms. */
const MOST_MS = 2 ** 31 - 1;

/** Milliseconds for a timer that is to wait for so many seconds of a configuration. */
export const waitMs = (seconds: number): number => Math.min(seconds * 1000, MOST_MS);
