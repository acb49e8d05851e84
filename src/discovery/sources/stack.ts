import { instanceNames } from '../../config/name.ts';
import { nodesOf } from '../../config/service-address.ts';
import type { Address } from '../../model/discovery.ts';
import { factsOf } from '../../resources/facts.ts';
import { urisOf } from '../paths.ts';
import type { Claim, Sighting, Source } from '../source.ts';

/** What `qbtc.yaml` declares: each replica of each service, and the resources. */
export const stack: Source = {
  absent: async () => undefined,
  async look(_, { stack: { name: stackName, services, resources }, running }) {
    const declared = services.flatMap((service) => {
      const { name, health } = service;
      const nodes: readonly Address[] = service.nodes ?? nodesOf(service);
      const claim: Claim = {
        name,
        origin: 'declared',
        kin: `stack:${stackName}`,
        ...(health.kind === 'http' ? { health: health.path } : { readiness: health.kind }),
        uris: service.routes.flatMap((route) => urisOf(route)),
      };
      if (nodes.length > 0)
        return nodes.map(
          ({ host, port }): Sighting => ({
            source: 'stack',
            found: `qbtc.yaml declares ${name} ${service.url === undefined ? `on port ${port}` : `at ${service.url}`}`,
            address: { host, port },
            claim,
          }),
        );
      return instanceNames(name, service.replicas).map((instance): Sighting => {
        const runs = running.find((each) => each.name === instance)?.runs;
        const pid = typeof runs === 'object' ? runs.pid : undefined;
        return {
          source: 'stack',
          found: `qbtc.yaml declares ${instance}, which listens nowhere`,
          claim: { ...claim, instance },
          ...(pid === undefined ? {} : { pid }),
        };
      });
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
