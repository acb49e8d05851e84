import { observeResources } from '../../observe/resources.ts';
import { partsNamed } from '../../score/index.ts';
import type { Remedy } from '../remedy.ts';

const POLL_MS = 250;

/** The supervisor, or the engine, is at it already: two who start one thing get in one another's way. */
export const waitForSupervisor: Remedy = {
  mends: ['recovering'],
  cost: 'none: it is being started',
  // What was not ready in all that time will not be in as much again.
  attempts: () => 1,
  command: ({ subject }) => `qbtc up ${subject}`,
  async apply({ context, stack, timeoutMs }, { subject }) {
    const { clock, interrupted } = context;
    const deadline = clock.monotonic() + timeoutMs;
    for (;;) {
      const own = partsNamed(await observeResources(context, stack), stack, subject);
      const waiting = own.find(({ state }) => state === 'starting');
      if (waiting === undefined) return own.map(({ name, state }) => `${name} is ${state}`).join(', ');
      if (clock.monotonic() > deadline) throw new Error(`still starting: ${waiting.reason}`);
      await clock.sleep(POLL_MS, interrupted);
    }
  },
};
