import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Backoff, retry } from '../src/retry.ts';

/** Fails so often, then gives the number of the try. */
const failing = (times: number) => {
  let tries = 0;
  return async () => {
    tries += 1;
    if (tries <= times) throw new Error(`failure ${tries}`);
    return tries;
  };
};
const delaysOf = async (backoff: Backoff, retries: number) => {
  const delays: number[] = [];
  await retry(failing(retries), { backoff, retries, onRetry: ({ delayMs }) => delays.push(delayMs) });
  return delays;
};

describe('retry', () => {
  it('gives what the work gives, and tries as often as it may', async () => {
    expect(await retry(failing(2), { backoff: { kind: 'fixed', delayMs: 1 }, retries: 2 })).toBe(3);
    const given: string[] = [];
    await expect(
      retry(failing(9), {
        backoff: { kind: 'fixed', delayMs: 1 },
        retries: 2,
        onGiveUp: (error) => given.push(error.message),
      }),
    ).rejects.toThrow('failure 3');
    expect(given).toEqual(['failure 3']);
  });

  it('waits as each backoff says', async () => {
    expect(await delaysOf({ kind: 'fixed', delayMs: 2 }, 3)).toEqual([2, 2, 2]);
    expect(await delaysOf({ kind: 'linear', delayMs: 2, maxMs: 5 }, 4)).toEqual([2, 4, 5, 5]);
    expect(await delaysOf({ kind: 'exponential', delayMs: 1, maxMs: 5 }, 4)).toEqual([1, 2, 4, 5]);
    expect(await delaysOf({ kind: 'exponential', delayMs: 1, factor: 3, maxMs: 9 }, 3)).toEqual([1, 3, 9]);
  });

  it('never waits longer than it may, whatever the jitter', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 3 }),
        fc.integer({ min: 0, max: 4 }),
        async (delayMs, maxMs) => {
          for (const delay of await delaysOf({ kind: 'decorrelated-jitter', delayMs, maxMs }, 3)) {
            expect(delay).toBeGreaterThanOrEqual(0);
            expect(delay).toBeLessThanOrEqual(maxMs);
          }
        },
      ),
      { numRuns: 10 },
    );
  });

  it('does not try again what makes no sense to try again', async () => {
    let tries = 0;
    const work = async () => {
      tries += 1;
      throw new TypeError('wrong');
    };
    const options = { backoff: { kind: 'fixed', delayMs: 1 } as const, retries: 5 };
    await expect(retry(work, { ...options, when: (error) => !(error instanceof TypeError) })).rejects.toThrow(
      'wrong',
    );
    expect(tries).toBe(1);
  });

  it('begins no wait that would end after the deadline, and throws what went wrong', async () => {
    const began = performance.now();
    await expect(
      retry(failing(9), { backoff: { kind: 'fixed', delayMs: 60_000 }, retries: 5, deadlineMs: 1000 }),
    ).rejects.toThrow('failure 1');
    expect(performance.now() - began).toBeLessThan(1000);
  });

  it('ends with the signal: before it begins, while it works, and while it waits', async () => {
    const backoff = { kind: 'fixed', delayMs: 60_000 } as const;
    const reason = new Error('enough');
    let tries = 0;
    const before = retry(
      async () => {
        tries += 1;
      },
      { backoff, retries: 1, signal: AbortSignal.abort(reason) },
    );
    await expect(before).rejects.toBe(reason);
    expect(tries).toBe(0);

    const waiting = new AbortController();
    const waits = retry(failing(9), {
      backoff,
      retries: 5,
      signal: waiting.signal,
      onRetry: () => waiting.abort(reason),
    });
    await expect(waits).rejects.toBe(reason);

    const working = new AbortController();
    const works = retry(
      (_attempt, signal) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason));
          working.abort(reason);
        }),
      { backoff, retries: 5, signal: working.signal },
    );
    await expect(works).rejects.toBe(reason);
  });
});
