import { holderOfPort, strangerAt } from '../at-port.ts';
import { type ReadinessProbe, silent } from '../readiness.ts';

/** How long it takes at most to drop a connection that nobody wants. */
const DROPPED_MS = 200;
const NOTHING = Buffer.alloc(0);

/** Its port takes connections. */
export const tcp: ReadinessProbe<'tcp'> = {
  async ask(context, _, instance) {
    const { url, runs, timeoutMs } = instance;
    if (url === undefined) return silent('it listens nowhere');
    const { hostname, port } = new URL(url);
    const range = { first: Number(port), last: Number(port) };
    const signal = AbortSignal.timeout(timeoutMs);
    const [taken] = await context.tcp.scan(hostname, range, { timeoutMs, signal });
    if (taken === undefined) return silent(`port ${port} takes no connection`);
    // An engine takes connections for a container before anybody listens in it, and drops them.
    if (runs === 'container') {
      const address = { host: hostname, port: taken };
      const answer = await context.tcp.ask(address, Buffer.alloc(0), DROPPED_MS).catch(() => NOTHING);
      if (answer?.length === 0) return silent(`port ${port} drops its connections`);
    }
    return strangerAt(instance, await holderOfPort(instance)) ?? { ready: true, found: { port: taken } };
  },
};
