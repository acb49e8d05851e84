/** Told what a callback has thrown. It sets aside what the callback works for: a queue, a connection. */
export type OnFailure = (error: unknown) => void;

/** Node's timers take no longer delay: `after` is called early then, and looks at the clock again. */
export const LONGEST_DELAY_MS = 0x7fff_ffff;

/**
 * A callback for the event loop. Nobody stands above it to catch what it throws, so that one bad message would end
 * the process with everybody's queues; `failed` is told instead. Nothing in the broker is handed to timers and
 * sockets without it.
 */
export function guarded<Args extends unknown[]>(
  failed: OnFailure,
  run: (...args: Args) => void,
): (...args: Args) => void {
  return (...args) => {
    try {
      run(...args);
    } catch (error) {
      failed(error);
    }
  };
}

export function after(ms: number, failed: OnFailure, run: () => void): NodeJS.Timeout {
  return setTimeout(guarded(failed, run), Math.min(Math.max(ms, 0), LONGEST_DELAY_MS));
}

export function every(ms: number, failed: OnFailure, run: () => void): NodeJS.Timeout {
  return setInterval(guarded(failed, run), ms);
}

/** Once the events at hand are worked off. */
export function soon(failed: OnFailure, run: () => void): void {
  setImmediate(guarded(failed, run));
}

/** What was thrown, for a log: with the place. */
export function traceOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
