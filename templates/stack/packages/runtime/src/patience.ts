/**
 * How long servers are waited for, in milliseconds. Who is not there refuses at once; these are for who is there and
 * slow. A busy machine stands still for seconds, and nothing fails because of that.
 */
export const PATIENCE = {
  /** Until a connection is there. */
  connect: 10_000,
  /** Until the broker has set up what is consumed. */
  setup: 30_000,
  /** For one command of Redis. */
  command: 10_000,
  /** For one query. */
  query: 20_000,
  /** For a server that is being connected to for the first time, or again. */
  reconnect: 2_000,
  /** For one check of a health document: the whole of it comes before whoever asks gives up (5 s). */
  check: 3_000,
  /** For a collector of traces. */
  spans: 5_000,
  /** For the same when the service ends. */
  lastSpans: 2_000,
} as const;
