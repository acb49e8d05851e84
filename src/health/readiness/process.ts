import { type ReadinessProbe, unready } from '../readiness.ts';

/** What ends right after its start has not been ready: a wrong address, a missing module. */
const MOMENT_MS = 1_000;

/** It lives, and has done so for a moment. */
export const process: ReadinessProbe<'process'> = {
  async ask({ host, clock }, _, { runs, wasReady }) {
    if (runs === undefined) return unready('it does not run');
    if (typeof runs === 'string') return { ready: true, found: {} };
    const { pid } = runs;
    if (pid === undefined) return unready('it does not run');
    const startTime = await host.processStartTime(pid);
    if (!wasReady) await clock.sleep(MOMENT_MS);
    return startTime !== undefined && (await host.processStartTime(pid)) === startTime
      ? { ready: true, found: { pid } }
      : unready('it ended right after it was started');
  },
};
