import { waitMs } from '../wait.ts';

/** What is shorter is not waited for, as in APISIX. */
const LEAST_SECONDS = 0.001;

/** Lets a request wait. It does not keep the process from ending. */
export function pause(seconds: number): Promise<undefined> | undefined {
  if (seconds < LEAST_SECONDS) return undefined;
  return new Promise((resolve) => {
    setTimeout(resolve, waitMs(seconds), undefined).unref();
  });
}
