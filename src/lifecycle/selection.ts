import type { Stack } from '../model/stack.ts';
import type { Selection } from './run.ts';

/**
 * The resources and services that are named, and all that they need; everything when none is named. With `exactly` no
 * other service: what somebody has stopped stays so.
 */
export function select(stack: Stack, names: readonly string[], exactly = false): Selection {
  if (names.length === 0) return { resources: stack.resources, services: stack.services };
  const services = new Map(stack.services.map((service) => [service.name, service]));
  const wanted = new Set<string>();
  const visit = (name: string) => {
    if (wanted.has(name)) return;
    wanted.add(name);
    const servers = stack.resources.find((resource) => resource.name === name)?.server?.dependsOn ?? [];
    for (const needed of [...(services.get(name)?.dependsOn ?? []), ...servers])
      if (!exactly || !services.has(needed)) visit(needed);
  };
  for (const name of names) visit(name);
  return {
    resources: stack.resources.filter(({ name }) => wanted.has(name)),
    services: stack.services.filter(({ name }) => wanted.has(name)),
  };
}
