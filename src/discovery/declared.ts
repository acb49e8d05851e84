import type { DiscoveredService } from '../model/observation.ts';
import type { Service, Stack } from '../model/stack.ts';
import { askHealth } from './health.ts';
import type { DiscoveryContext, Sighting } from './source.ts';
import { SOURCE_NAMES, SOURCES } from './source-registry.ts';

/**
 * Looks for each declared service, each replica on its own: something must listen on its port, and its health document
 * must answer as this very service.
 *
 * @returns one entry for each replica, in the order of `qbtc.yaml`; `problem` tells why one does not count as found
 * @throws what a source throws that this machine has but that cannot be read now
 */
export async function discoverServices(
  context: DiscoveryContext,
  stack: Stack,
): Promise<DiscoveredService[]> {
  const sightings = (await Promise.all(SOURCE_NAMES.map((name) => see(context, name)))).flat();
  const replicas = stack.services.flatMap((service) =>
    Array.from({ length: service.replicas }, (_, index) => ({ service, port: service.port + index })),
  );
  return Promise.all(
    replicas.map(({ service, port }) =>
      identify(
        context,
        service,
        port,
        sightings.filter((sighting) => sighting.port === port),
      ),
    ),
  );
}

async function see(context: DiscoveryContext, name: (typeof SOURCE_NAMES)[number]): Promise<Sighting[]> {
  const absent = await SOURCES[name].absent(context);
  return absent === undefined ? SOURCES[name].sightings(context) : [];
}

async function identify(
  context: DiscoveryContext,
  { name, health }: Service,
  port: number,
  sightings: Sighting[],
): Promise<DiscoveredService> {
  const evidence = sightings.map(({ source, found }) => ({ source, found }));
  if (sightings.length === 0) {
    return { name, port, healthy: false, evidence, problem: `nothing listens on port ${port}` };
  }
  const pid = sightings.find((sighting) => sighting.pid !== undefined)?.pid;
  const answer = await askHealth(context, `http://127.0.0.1:${port}${health}`);
  const problem =
    answer.identity === name && answer.healthy
      ? ''
      : answer.identity !== undefined && answer.identity !== name
        ? `port ${port} belongs to ${answer.identity}${pid === undefined ? '' : ` (pid ${pid})`}`
        : answer.found;
  return {
    name,
    port,
    ...(pid === undefined ? {} : { pid }),
    ...(answer.identity === undefined ? {} : { identity: answer.identity }),
    healthy: answer.healthy,
    evidence: [...evidence, { source: 'health', found: answer.found }],
    problem,
  };
}
