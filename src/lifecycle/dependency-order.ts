import type { Service } from '../model/stack.ts';

/** The services so that each comes after those that it needs (the configuration has refused a cycle). */
export function inDependencyOrder(services: readonly Service[]): Service[] {
  const byName = new Map(services.map((service) => [service.name, service]));
  const ordered = new Set<Service>();
  const visit = (service: Service | undefined) => {
    if (service === undefined || ordered.has(service)) return;
    for (const needed of service.dependsOn) visit(byName.get(needed));
    ordered.add(service);
  };
  for (const service of services) visit(service);
  return [...ordered];
}
