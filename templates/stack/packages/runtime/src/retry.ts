import { setTimeout as sleep } from 'node:timers/promises';
import { decorrelatedJitterGenerator, ExponentialBackoff, type IBackoff } from 'cockatiel';

/** How long to wait before each further try, in milliseconds. */
export type Backoff =
  | { kind: 'fixed'; delayMs: number }
  /** `delayMs`, twice `delayMs`, three times, …, at most `maxMs`. */
  | { kind: 'linear'; delayMs: number; maxMs?: number }
  /** `delayMs`, then each time `factor` (2) times as long, at most `maxMs`. */
  | { kind: 'exponential'; delayMs: number; factor?: number; maxMs?: number }
  /**
   * Around an exponential growth, but never in step with others that began at the same time. Cockatiel's formula, from
   * https://github.com/Polly-Contrib/Polly.Contrib.WaitAndRetry
   */
  | { kind: 'decorrelated-jitter'; delayMs: number; maxMs?: number };

export interface RetryOptions {
  backoff: Backoff;
  /** How often it is tried again after the first time. */
  retries: number;
  /** Whether it makes sense to try again after this error. Default: always. */
  when?(error: Error): boolean;
  /** Milliseconds from the first try; after them nothing is tried again, and a wait that would end later is not begun. */
  deadlineMs?: number;
  /** Ends the waiting and further tries; the work gets it, too. */
  signal?: AbortSignal;
  onRetry?(attempt: { attempt: number; delayMs: number; error: Error }): void;
  onGiveUp?(error: Error): void;
}

const LONGEST_MS = 30_000;

/**
 * Does the work until it does not reject.
 *
 * @param work gets the number of the try, from 1, and the signal of the options
 * @throws what the work threw last, or the reason of the signal
 */
export async function retry<Result>(
  work: (attempt: number, signal: AbortSignal) => Promise<Result>,
  options: RetryOptions,
): Promise<Result> {
  const { retries, when = () => true, deadlineMs = Number.POSITIVE_INFINITY, onRetry, onGiveUp } = options;
  const signal = options.signal ?? new AbortController().signal;
  const nextDelay = delaysOf(options.backoff);
  const deadline = performance.now() + deadlineMs;
  for (let attempt = 1; ; attempt += 1) {
    signal.throwIfAborted();
    try {
      return await work(attempt, signal);
    } catch (thrown) {
      signal.throwIfAborted();
      const error = thrown instanceof Error ? thrown : new Error(String(thrown));
      const delayMs = attempt <= retries && when(error) ? nextDelay(attempt) : Number.POSITIVE_INFINITY;
      if (performance.now() + delayMs >= deadline || delayMs === Number.POSITIVE_INFINITY) {
        onGiveUp?.(error);
        throw thrown;
      }
      onRetry?.({ attempt, delayMs, error });
      await sleep(delayMs, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  }
}

/** The wait after each failed try, by its number from 1. */
function delaysOf(backoff: Backoff): (attempt: number) => number {
  const { delayMs } = backoff;
  if (backoff.kind === 'fixed') return () => delayMs;
  const { maxMs = LONGEST_MS } = backoff;
  if (backoff.kind === 'linear') return (attempt) => Math.min(delayMs * attempt, maxMs);
  if (backoff.kind === 'exponential') {
    const { factor = 2 } = backoff;
    return (attempt) => Math.min(delayMs * factor ** (attempt - 1), maxMs);
  }
  const jitter = new ExponentialBackoff({
    initialDelay: delayMs,
    maxDelay: maxMs,
    generator: decorrelatedJitterGenerator,
  });
  let last: IBackoff<unknown> | undefined;
  return () => {
    const next = last === undefined ? jitter.next() : last.next(undefined);
    last = next;
    return next.duration;
  };
}
