import {
  ConstantBackoff,
  DelegateBackoff,
  decorrelatedJitterGenerator,
  ExponentialBackoff,
  handleWhen,
  noJitterGenerator,
  retry as retryPolicy,
} from 'cockatiel';

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
 * @param work gets the number of the try, from 1, and a signal that is aborted with the one of the options
 * @throws what the work threw last, or the reason of the signal
 */
export async function retry<Result>(
  work: (attempt: number, signal: AbortSignal) => Promise<Result>,
  options: RetryOptions,
): Promise<Result> {
  const {
    retries,
    when = () => true,
    deadlineMs = Number.POSITIVE_INFINITY,
    signal,
    onRetry,
    onGiveUp,
  } = options;
  signal?.throwIfAborted();
  const deadline = performance.now() + deadlineMs;
  const ended = new AbortController();
  const leave = () => ended.abort(signal?.reason);
  signal?.addEventListener('abort', leave, { once: true });
  let nextDelay = 0;
  const policy = retryPolicy(
    // The wait is known only once it is to begin; a wait beyond the deadline is ended as it begins.
    handleWhen((error) => !ended.signal.aborted && performance.now() < deadline && when(error)),
    { maxAttempts: retries, backoff: backoffOf(options.backoff) },
  );
  const listeners = [
    policy.onRetry(({ attempt, delay, ...reason }) => {
      nextDelay = delay;
      const error = 'error' in reason ? reason.error : new Error('no result');
      if (performance.now() + delay >= deadline) ended.abort(error);
      else onRetry?.({ attempt, delayMs: nextDelay, error });
    }),
    policy.onGiveUp((reason) => onGiveUp?.('error' in reason ? reason.error : new Error('no result'))),
  ];
  try {
    return await policy.execute(({ attempt }) => {
      if (attempt > 0) ended.signal.throwIfAborted();
      return work(attempt + 1, ended.signal);
    }, ended.signal);
  } catch (error) {
    throw ended.signal.aborted ? ended.signal.reason : error;
  } finally {
    for (const listener of listeners) listener.dispose();
    signal?.removeEventListener('abort', leave);
  }
}

function backoffOf(backoff: Backoff) {
  const { delayMs } = backoff;
  switch (backoff.kind) {
    case 'fixed':
      return new ConstantBackoff(delayMs);
    case 'linear': {
      const most = backoff.maxMs ?? LONGEST_MS;
      return new DelegateBackoff<unknown, number>((_context, times = 1) => ({
        delay: Math.min(delayMs * times, most),
        state: times + 1,
      }));
    }
    case 'exponential':
      return new ExponentialBackoff({
        initialDelay: delayMs,
        exponent: backoff.factor ?? 2,
        maxDelay: backoff.maxMs ?? LONGEST_MS,
        generator: noJitterGenerator,
      });
    case 'decorrelated-jitter':
      return new ExponentialBackoff({
        initialDelay: delayMs,
        maxDelay: backoff.maxMs ?? LONGEST_MS,
        generator: decorrelatedJitterGenerator,
      });
  }
}
