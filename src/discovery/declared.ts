import { replicaPorts } from '../config/ports.ts';
import type { DiscoveredService, ListeningSocket } from '../model/observation.ts';
import type { Service, Stack } from '../model/stack.ts';
import { askHealth, type HealthAnswer } from './health.ts';
import type { DiscoveryContext } from './source.ts';

/**
 * Looks for each declared service, each replica on its own: something must listen on its port, and its health document
 * must answer as this very service. What the score counts; `discover` looks at all that runs.
 *
 * @returns one entry for each replica, in the order of `qbtc.yaml`; `problem` tells why one does not count as found
 * @throws QbtcError `SOCKETS_UNREADABLE`
 */
export async function discoverServices(
  context: Pick<DiscoveryContext, 'host' | 'http' | 'interrupted'>,
  stack: Stack,
): Promise<DiscoveredService[]> {
  const sockets = await context.host.listeningSockets();
  const replicas = stack.services.flatMap((service) =>
    replicaPorts(service.port, service.replicas).map((port) => ({ service, port })),
  );
  return Promise.all(
    replicas.map(async ({ service, port }) => {
      const listening = sockets.filter((socket) => socket.port === port);
      if (listening.length === 0)
        return {
          name: service.name,
          port,
          healthy: false,
          evidence: [],
          problem: `nothing listens on port ${port}`,
        };
      const answer = await askHealth(context, `http://127.0.0.1:${port}${service.health}`);
      return found(service, port, listening, answer);
    }),
  );
}

function found(
  { name }: Service,
  port: number,
  listening: readonly ListeningSocket[],
  answer: HealthAnswer,
): DiscoveredService {
  const pid = listening.find((socket) => socket.pid !== undefined)?.pid;
  const isOther = answer.identity !== undefined && answer.identity !== name;
  const other = `port ${port} belongs to ${answer.identity}${pid === undefined ? '' : ` (pid ${pid})`}`;
  const isItself = answer.identity === name && answer.healthy;
  return {
    name,
    port,
    ...(pid === undefined ? {} : { pid }),
    ...(answer.identity === undefined ? {} : { identity: answer.identity }),
    healthy: answer.healthy,
    evidence: [
      ...listening.map(({ pid: holder, program }) => ({
        source: 'ports',
        found: `port ${port} listens, ${holder === undefined ? 'held by a process that this account may not see' : `held by ${program ?? 'a process'} (pid ${holder})`}`,
      })),
      { source: 'health', found: answer.found },
    ],
    problem: isItself ? '' : isOther ? other : answer.found,
  };
}
