import type { Probe } from '../probe.ts';

/** Whether a port takes connections: all that can be asked of a server whose readiness is not known. */
export const probePort: Probe = async ({ tcp }, { host, port }, timeoutMs) => {
  const signal = AbortSignal.timeout(timeoutMs);
  const [taken] = await tcp.scan(host, { first: port, last: port }, { timeoutMs, signal });
  if (taken !== undefined) return { ready: true, found: { port } };
  return { ready: false, reason: `port ${port} takes no connection`, refused: false };
};
