import { isLocal } from '../addresses.ts';
import type { DiscoveryContext, Scope, Sighting, Source } from '../source.ts';

/** How long a port may take to accept. Loopback answers at once. */
const CONNECT_MS = 1_000;
/** Reading the table takes some milliseconds on Linux, a program elsewhere. */
const POLL_MS = 2_000;
/** Holds the published ports of containers in the place of their processes. */
const PROXIES = /^(docker-proxy|com\.docker.*|rootlessport|gvproxy|vpnkit.*|wslrelay.*)$/;

/**
 * Sockets that listen: from the system's own table, with the process behind each where we may see it. Another host's,
 * and where the table cannot be read, by connecting to each port.
 */
export const ports: Source = {
  absent: async () => undefined,
  async look(context, scope) {
    const { first, last } = scope.portRange;
    const inRange = (port: number) => port >= first && port <= last;
    if (scope.scan || !isLocal(scope.host)) return { sightings: await scanned(context, scope) };
    const sockets = await context.host.listeningSockets().catch((error) => {
      context.interrupted.throwIfAborted();
      if ((error as { code?: unknown }).code === 'SOCKETS_UNREADABLE') return undefined;
      throw error;
    });
    if (sockets === undefined) return { sightings: await scanned(context, scope) };
    return {
      sightings: sockets
        .filter(({ port }) => inRange(port))
        .map(({ host, port, pid, program }): Sighting => {
          const isProxy = PROXIES.test(program ?? '');
          const holder =
            pid === undefined
              ? 'held by a process that this account may not see'
              : `held by ${program ?? 'a process'} (pid ${pid})`;
          return {
            source: 'ports',
            address: { host, port },
            found: `port ${port} listens, ${holder}`,
            ...(pid === undefined || isProxy ? {} : { pid }),
            ...(program === undefined ? {} : { program }),
          };
        }),
    };
  },
  async watch({ host, clock }, scope, { onReady, onChange }, signal) {
    if (scope.scan || !isLocal(scope.host)) return never(signal);
    let last = await host.listeningMark();
    onReady();
    for (;;) {
      await clock.sleep(POLL_MS, signal);
      const mark = await host.listeningMark();
      if (mark !== last) onChange();
      last = mark;
    }
  },
};

async function scanned(
  context: DiscoveryContext,
  { host, portRange, onProgress }: Scope,
): Promise<Sighting[]> {
  const total = portRange.last - portRange.first + 1;
  const open = await context.tcp.scan(host, portRange, {
    timeoutMs: CONNECT_MS,
    signal: context.interrupted,
    onProgress: (count) => onProgress?.('ports', `${count} of ${total} ports`),
  });
  return open.map((port) => ({
    source: 'ports',
    address: { host, port },
    found: `port ${port} takes connections`,
  }));
}

/** There is nothing to be told of changes by. */
function never(signal: AbortSignal): Promise<void> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
