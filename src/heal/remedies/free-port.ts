import { knownProcesses, stillLives } from '../../alive.ts';
import type { Context } from '../../context.ts';
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
    const held = world.holders.filter(({ part, ours }) => part === subject && ours);
    const pids = [...new Set(held.flatMap(({ pid }) => pid ?? []))];
    for (const pid of pids) await end(context, pid);
    await untilFree(
      context,
      held.map(({ port }) => port),
    );
    await up(context, stack, { apply: false, timeoutMs, placement: {}, only: [subject], exactly: true });
    return `ended pid ${pids.join(', ')}, started ${subject}`;
  },
};

/** Asks it to end, and makes it when it does not. */
async function end({ clock, host, interrupted }: Context, pid: number): Promise<void> {
  const [known] = await knownProcesses(host, [pid]);
  if (known === undefined) return;
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    try {
      process.kill(pid, signal);
    } catch {
      return;
    }
    const deadline = clock.monotonic() + PATIENCE_MS;
    while (clock.monotonic() < deadline) {
      if (!(await stillLives(host, known))) return;
      await clock.sleep(POLL_MS, interrupted);
    }
  }
}

/** The system takes a moment to give back what a process held. */
async function untilFree({ clock, host, interrupted }: Context, ports: readonly number[]): Promise<void> {
  const deadline = clock.monotonic() + PATIENCE_MS;
  while (clock.monotonic() < deadline) {
    const sockets = await host.listeningSockets();
    if (!sockets.some(({ port }) => ports.includes(port))) return;
    await clock.sleep(POLL_MS, interrupted);
  }
}
