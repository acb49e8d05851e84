import type { Clock, HttpResponse } from '../context.ts';

export interface RetryOptions {
  clock: Clock;
  /** Milliseconds for all tries together. */
  deadlineMs: number;
  /** Tries in all, the first included. */
  tries: number;
  /** Milliseconds before the second try; doubled for each further one. */
  pauseMs: number;
  /** Whether another try can end differently. */
  canSucceed: (error: unknown) => boolean;
  signal?: AbortSignal;
}

/**
 * Tries again what can succeed on a second try, within one deadline for all tries. Rejects with the last error.
 * `attempt` is told how many milliseconds are left.
 */
export async function retry<T>(attempt: (leftMs: number) => Promise<T>, options: RetryOptions): Promise<T> {
  const { clock, signal } = options;
  const end = clock.monotonic() + options.deadlineMs;
  let pause = options.pauseMs;
  for (let tried = 1; ; tried += 1) {
    try {
      return await attempt(Math.max(1, Math.ceil(end - clock.monotonic())));
    } catch (error) {
      if (tried >= options.tries || !options.canSucceed(error) || clock.monotonic() + pause >= end)
        throw error;
    }
    await clock.sleep(pause, signal);
    pause *= 2;
  }
}

const PASSING_CODES = new Set(['ECONNREFUSED', 'ECONNRESET', 'ETIMEDOUT', 'EPIPE', 'UND_ERR_SOCKET']);

/** True for a connection that was refused, cut or too slow. The same request may well get through in a moment. */
export function isPassingNetworkError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && PASSING_CODES.has(String(error.code));
}

/** An answer that a second try may turn into another one. */
export class PassingAnswer extends Error {
  readonly response: HttpResponse;
  constructor(response: HttpResponse) {
    super(`status ${response.status}`);
    this.response = response;
  }
}
