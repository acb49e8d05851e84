import { setMaxListeners } from 'node:events';
import type { Context } from '../../src/context.ts';
import { systemClock } from '../../src/system/clock.ts';
import { createHttp } from '../../src/system/http.ts';

/** The real members of the context that reconcilers take, with an interruption of the test's own. */
export function reachContext(
  interrupted: AbortSignal = new AbortController().signal,
): Pick<Context, 'http' | 'clock' | 'interrupted'> {
  // Everything that waits listens to it, at the same time.
  setMaxListeners(0, interrupted);
  return { http: createHttp(), clock: systemClock, interrupted };
}
