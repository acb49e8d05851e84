import type { Context } from '../context.ts';
import { messageOf } from '../errors.ts';
import type { Measured } from '../model/measured.ts';

/**
 * Measures something in bounded time. What fails, or is not done in time, becomes the reason why it was not measured.
 *
 * @throws only the reason of an interruption
 */
export async function measure<Value>(
  { clock, interrupted }: Pick<Context, 'clock' | 'interrupted'>,
  deadlineMs: number,
  take: () => Promise<Value>,
): Promise<Measured<Value>> {
  const done = new AbortController();
  const unmeasured = (reason: string): Measured<Value> => ({ measured: false, reason });
  const late = clock.sleep(deadlineMs, AbortSignal.any([interrupted, done.signal])).then(
    () => unmeasured(`not done within ${deadlineMs} ms`),
    () => unmeasured('interrupted'),
  );
  // Called inside a promise, so that what it throws at once is caught like the rest.
  const taken = Promise.resolve()
    .then(take)
    .then(
      (value): Measured<Value> => ({ measured: true, value }),
      (error) => unmeasured(messageOf(error)),
    );
  try {
    const result = await Promise.race([taken, late]);
    interrupted.throwIfAborted();
    return result;
  } finally {
    done.abort();
  }
}
