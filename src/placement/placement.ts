import type { InfrastructurePlan } from '../model/placement.ts';
import type { Stack } from '../model/stack.ts';

/** The stack as the plan places it: a gateway in Docker reaches the services by their names in the compose network. */
export function placed(stack: Stack, plan: InfrastructurePlan | undefined): Stack {
  if (plan === undefined) return stack;
  const gateways = stack.resources.filter(({ kind }) => kind === 'apisix').map(({ name }) => name);
  const inDocker = plan.choices.some(
    ({ resource, provider }) => provider === 'docker' && gateways.includes(resource),
  );
  if (!inDocker) return stack;
  const contained = new Set(
    plan.services.filter(({ runs }) => runs === 'container').map(({ service }) => service),
  );
  return {
    ...stack,
    services: stack.services.map((service) =>
      contained.has(service.name)
        ? { ...service, nodes: [{ host: service.name, port: service.port }] }
        : service,
    ),
  };
}
