import { up } from '../../lifecycle/up.ts';
import type { Remedy } from '../remedy.ts';

const PATIENCE_MS = 3_000;
const POLL_MS = 50;

/** Ends what is left over from this stack and holds a port of it, then starts who the port belongs to. */
export const freePort: Remedy = {
  mends: ['port-stolen'],
  cost: 'what holds the port is ended; it is left over from this stack',
  unfit: ({ subject }, { holders }) => {
    const stranger = holders.find(({ part, ours }) => part === subject && !ours);
    if (stranger === undefined) return undefined;
    return `${stranger.program} (${stranger.pid === undefined ? 'of another user' : `pid ${stranger.pid}`}) is not ours to end: end it, or give ${subject} another port in qbtc.yaml`;
  },
  command: ({ subject }) => `qbtc ports && qbtc up ${subject}`,
  async apply({ context, stack, world, timeoutMs }, { subject }) {
    const pids = new Set(
      world.holders.flatMap(({ part, ours, pid }) =>
        part === subject && ours && pid !== undefined ? [pid] : [],
      ),
    );
    const { clock, interrupted, host } = context;
    for (const pid of pids) {
      const begun = await host.processStartTime(pid);
      if (begun === undefined) continue;
      process.kill(pid, 'SIGTERM');
      const deadline = clock.monotonic() + PATIENCE_MS;
      while ((await host.processStartTime(pid)) === begun) {
        if (clock.monotonic() > deadline) {
          process.kill(pid, 'SIGKILL');
          break;
        }
        await clock.sleep(POLL_MS, interrupted);
      }
    }
    await up(context, stack, { apply: false, timeoutMs, wishes: {}, only: [subject], exactly: true });
    return `ended pid ${[...pids].join(', ')}, started ${subject}`;
  },
};
