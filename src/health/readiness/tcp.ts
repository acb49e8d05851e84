import { holderOfPort, strangerAt } from '../at-port.ts';
import { type ReadinessProbe, silent } from '../readiness.ts';

/** Its port takes connections. */
export const tcp: ReadinessProbe<'tcp'> = {
  async ask(context, _, instance) {
    const { url, timeoutMs } = instance;
    if (url === undefined) return silent('it listens nowhere');
    const { hostname, port } = new URL(url);
    const range = { first: Number(port), last: Number(port) };
    const signal = AbortSignal.timeout(timeoutMs);
    const [taken] = await context.tcp.scan(hostname, range, { timeoutMs, signal });
    if (taken === undefined) return silent(`port ${port} takes no connection`);
    return strangerAt(instance, await holderOfPort(instance)) ?? { ready: true, found: { port: taken } };
  },
};
