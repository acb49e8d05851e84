import { instanceNames } from '../config/name.ts';
import { nodesOf, type ServiceNode } from '../config/service-address.ts';
import {
  askHealth,
  askReadiness,
  type HealthAnswer,
  type Holder,
  holders,
  judgeHealth,
  namesHealth,
  type RunAs,
  type RunningInstance,
} from '../health/index.ts';
import type { DiscoveredService, ListeningSocket } from '../model/observation.ts';
import type { ReadinessOf } from '../model/readiness.ts';
import type { Service, Stack } from '../model/stack.ts';
import type { DiscoveryContext } from './source.ts';

const DEADLINE_MS = 5_000;

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
  context: Pick<DiscoveryContext, 'host' | 'http' | 'tcp' | 'amqp' | 'clock' | 'interrupted'>,
  stack: Stack,
  running: readonly RunningInstance[] = [],
): Promise<DiscoveredService[]> {
  const sockets = await context.host.listeningSockets();
  const holderOf = holders({ ...context.host, listeningSockets: async () => sockets });
  const instances = stack.services.flatMap((service) => {
    const nodes = nodesOf(service);
    return instanceNames(service.name, service.replicas).map((name, index) => ({
      service,
      node: nodes[index],
      own: running.find((each) => each.name === name),
    }));
  });
  return Promise.all(
    instances.map(async ({ service, node, own }) => {
      if (node === undefined) return withoutPort(service, own);
      const { port, url } = node;
      const { health } = service;
      const listening = service.url === undefined ? sockets.filter((socket) => socket.port === port) : [];
      const runs = service.url === undefined ? own?.runs : 'adopted';
      // The engine may publish the port of a container without a socket of this machine.
      if (listening.length === 0 && runs !== 'container' && runs !== 'adopted')
        return {
          name: service.name,
          port,
          healthy: false,
          evidence: [],
          problem: `nothing listens on port ${port}`,
        };
      if (health.kind !== 'http') {
        const found = await askedOtherwise(context, service, { port, url }, { runs, own, holderOf });
        return { ...found, evidence: [...listening.map(listener), ...found.evidence] };
      }
      const [answer, holder] = await Promise.all([
        askHealth(context, `${url}${health.path}`),
        holderOf(port, runs),
      ]);
      return found({ name: service.name, health }, port, listening, holder, answer);
    }),
  );
}

/** One that listens nowhere: that it runs, and has been ready, is all that can be seen. */
function withoutPort({ name }: Pick<Service, 'name'>, own: RunningInstance | undefined): DiscoveredService {
  const { runs, isReady = false, ended } = own ?? {};
  const pid = typeof runs === 'object' ? runs.pid : undefined;
  const isThere = runs !== undefined;
  return {
    name,
    ...(pid === undefined ? {} : { pid }),
    healthy: isThere && isReady,
    evidence: isThere
      ? [{ source: 'stack', found: pid === undefined ? 'it runs in a container' : `it runs (pid ${pid})` }]
      : [],
    problem: isThere
      ? isReady
        ? ''
        : 'it runs, and has not been ready yet'
      : (ended?.reason ?? 'qbtc does not run it'),
  };
}

/** Its readiness is no health document: what can be asked over the network is, the rest is known to who runs it. */
async function askedOtherwise(
  context: Parameters<typeof discoverServices>[0],
  { name, health }: Service,
  { port, url }: Pick<ServiceNode, 'port' | 'url'>,
  {
    runs,
    own,
    holderOf,
  }: { runs: RunAs; own: RunningInstance | undefined; holderOf: ReturnType<typeof holders> },
): Promise<DiscoveredService> {
  if (health.kind !== 'tcp' && health.kind !== 'grpc') {
    const seen = withoutPort({ name }, own);
    return { ...seen, port };
  }
  const answer = await askReadiness(context, health, {
    name,
    url,
    runs,
    wasReady: own?.isReady ?? false,
    timeoutMs: DEADLINE_MS,
    holderOf,
    lines: async () => [],
    run: async () => 0,
    broker: undefined,
  });
  const holder = await holderOf(port, runs);
  const problem = answer.ready ? (holder.whose === 'unrun' ? 'qbtc does not run it' : '') : answer.reason;
  return {
    name,
    port,
    ...(holder.pid === undefined ? {} : { pid: holder.pid }),
    healthy: answer.ready,
    evidence: [
      {
        source: 'health',
        found: answer.ready ? `${url} is ready, asked over ${health.kind}` : answer.reason,
      },
    ],
    problem,
  };
}

function listener({ port, pid, program }: ListeningSocket): DiscoveredService['evidence'][number] {
  const held =
    pid === undefined
      ? 'held by a process that this account may not see'
      : `held by ${program ?? 'a process'} (pid ${pid})`;
  return { source: 'ports', found: `port ${port} listens, ${held}` };
}

function found(
  { name, health: { path, status } }: { name: string; health: ReadinessOf<'http'> },
  port: number,
  listening: readonly ListeningSocket[],
  holder: Holder,
  answer: HealthAnswer,
): DiscoveredService {
  const pid = holder.pid ?? listening.find((socket) => socket.pid !== undefined)?.pid;
  const judged = judgeHealth(answer, {
    name,
    port,
    holder,
    pathIsNamed: namesHealth(path),
    ...(status === undefined ? {} : { well: status }),
  });
  const isProven = judged.proof !== 'none' || holder.whose === 'unseen';
  return {
    name,
    port,
    ...(pid === undefined ? {} : { pid }),
    ...(answer.identity === undefined ? {} : { identity: answer.identity }),
    healthy: judged.healthy,
    evidence: [...listening.map(listener), { source: 'health', found: answer.found }],
    problem: judged.healthy ? (isProven ? '' : `${answer.found}, and qbtc does not run it`) : judged.reason,
  };
}
