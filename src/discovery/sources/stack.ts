import { replicaPorts } from '../../config/ports.ts';
import { factsOf } from '../../resources/facts.ts';
import { urisOf } from '../paths.ts';
import type { Sighting, Source } from '../source.ts';

/** What `qbtc.yaml` declares: each replica of each service, and the resources. */
export const stack: Source = {
  absent: async () => undefined,
  async look(_, { stack: { name: stackName, services, resources } }) {
    const declared = services.flatMap((service) => {
      const nodes =
        service.nodes ??
        replicaPorts(service.port, service.replicas).map((port) => ({ host: '127.0.0.1', port }));
      return nodes.map(
        (address): Sighting => ({
          source: 'stack',
          found: `qbtc.yaml declares ${service.name} on port ${address.port}`,
          address,
          claim: {
            name: service.name,
            origin: 'declared',
            kin: `stack:${stackName}`,
            health: service.health,
            uris: service.routes.flatMap((route) => urisOf(route)),
          },
        }),
      );
    });
    const infrastructure = resources.flatMap(({ name, kind, ports, endpoint }) =>
      Object.entries(ports).map(
        ([role, port]): Sighting => ({
          source: 'stack',
          found: `${name} of ${stackName} (${kind}${role === 'main' ? '' : `, ${role}`})`,
          address: { host: endpoint.host, port },
          protocol: role === 'main' ? factsOf(kind).protocol : role === 'tls' ? 'tls' : 'http',
          resource: true,
        }),
      ),
    );
    return { sightings: [...declared, ...infrastructure] };
  },
};
