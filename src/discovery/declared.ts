import { replicaPorts } from '../config/ports.ts';
import {
  askHealth,
  type HealthAnswer,
  type Holder,
  holders,
  judgeHealth,
  namesHealth,
  type RunningInstance,
} from '../health/index.ts';
import type { DiscoveredService, ListeningSocket } from '../model/observation.ts';
import type { Service, Stack } from '../model/stack.ts';
import type { DiscoveryContext } from './source.ts';

/**
 * Looks for each declared service, each replica on its own: something must listen on its port, its health document must
 * answer, and be this very service's: that qbtc runs the process tells it, or else its name. What the score counts;
 * `discover` looks at all that runs.
 *
 * @param running how qbtc runs each of them
 * @returns one entry for each replica, in the order of `qbtc.yaml`; `problem` tells why one does not count as found
 * @throws QbtcError `SOCKETS_UNREADABLE`
 */
export async function discoverServices(
  context: Pick<DiscoveryContext, 'host' | 'http' | 'interrupted'>,
  stack: Stack,
  running: readonly RunningInstance[] = [],
): Promise<DiscoveredService[]> {
  const sockets = await context.host.listeningSockets();
  const holderOf = holders({ ...context.host, listeningSockets: async () => sockets });
  const replicas = stack.services.flatMap((service) =>
    replicaPorts(service.port, service.replicas).map((port) => ({ service, port })),
  );
  return Promise.all(
    replicas.map(async ({ service, port }) => {
      const listening = sockets.filter((socket) => socket.port === port);
      const runs = running.find((each) => each.port === port)?.runs;
      // The engine may publish the port of a container without a socket of this machine.
      if (listening.length === 0 && runs !== 'container')
        return {
          name: service.name,
          port,
          healthy: false,
          evidence: [],
          problem: `nothing listens on port ${port}`,
        };
      const [answer, holder] = await Promise.all([
        askHealth(context, `http://127.0.0.1:${port}${service.health}`),
        holderOf(port, runs),
      ]);
      return found(service, port, listening, holder, answer);
    }),
  );
}

function found(
  { name, health }: Service,
  port: number,
  listening: readonly ListeningSocket[],
  holder: Holder,
  answer: HealthAnswer,
): DiscoveredService {
  const pid = holder.pid ?? listening.find((socket) => socket.pid !== undefined)?.pid;
  const judged = judgeHealth(answer, { name, port, holder, pathIsNamed: namesHealth(health) });
  const isProven = judged.proof !== 'none' || holder.whose === 'unseen';
  return {
    name,
    port,
    ...(pid === undefined ? {} : { pid }),
    ...(answer.identity === undefined ? {} : { identity: answer.identity }),
    healthy: judged.healthy,
    evidence: [
      ...listening.map(({ pid: holding, program }) => ({
        source: 'ports',
        found: `port ${port} listens, ${holding === undefined ? 'held by a process that this account may not see' : `held by ${program ?? 'a process'} (pid ${holding})`}`,
      })),
      { source: 'health', found: answer.found },
    ],
    problem: judged.healthy ? (isProven ? '' : `${answer.found}, and qbtc does not run it`) : judged.reason,
  };
}
