import type { InfrastructurePlan } from '../model/placement.ts';
import type { Stack } from '../model/stack.ts';
import { resourcesOfKind } from '../resources/facts.ts';
import { containedParts } from '../runtimes/containers/contained-parts.ts';

/** The stack as the plan places it: a gateway in Docker reaches the services by their names in the compose network. */
export function placed(stack: Stack, plan: InfrastructurePlan | undefined): Stack {
  if (plan === undefined) return stack;
  const contained = containedParts(plan);
  if (!resourcesOfKind(stack, 'apisix').some(({ name }) => contained.has(name))) return stack;
  return {
    ...stack,
    services: stack.services.map((service) =>
      contained.has(service.name) && service.port !== undefined
        ? { ...service, nodes: [{ host: service.name, port: service.port }] }
        : service,
    ),
  };
}
