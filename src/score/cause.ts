import type { ResourceObservation, Snapshot } from '../model/observation.ts';
import type { Service, Stack } from '../model/stack.ts';
import { instancesOf } from '../services/index.ts';

type Observed = Pick<Snapshot, 'resources'>;

/** What was observed of a resource, or of each instance of a service. */
export function partsNamed({ resources }: Observed, stack: Stack, name: string): ResourceObservation[] {
  const service = stack.services.find((candidate) => candidate.name === name);
  const names = service ? instancesOf(service).map((instance) => instance.name) : [name];
  return resources.filter((resource) => names.includes(resource.name));
}

/** The service of that name, or with an instance of that name. */
export function serviceOf(stack: Stack, name: string): Service | undefined {
  return stack.services.find(
    (service) => service.name === name || instancesOf(service).some((instance) => instance.name === name),
  );
}

/**
 * The deepest of what `name` depends on that is not active, `name` itself if that is the one; `undefined` when all of
 * it is. A service that says it is unhealthy because its broker is gone is not the one to restart.
 */
export function rootCause(observed: Observed, stack: Stack, name: string): string | undefined {
  const seen = new Set<string>();
  const deepest = (part: string): string | undefined => {
    if (seen.has(part)) return undefined;
    seen.add(part);
    const below = (serviceOf(stack, part)?.dependsOn ?? []).map(deepest).find((cause) => cause !== undefined);
    const isUnwell = partsNamed(observed, stack, part).some(({ state }) => state !== 'active');
    return below ?? (isUnwell ? part : undefined);
  };
  return deepest(serviceOf(stack, name)?.name ?? name);
}
