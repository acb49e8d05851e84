import type { InfrastructurePlan } from '../../model/placement.ts';

/** The names of the resources and services that run in containers; none before the first `up`. */
export function containedParts(
  plan: Pick<InfrastructurePlan, 'choices' | 'services'> | undefined,
): Set<string> {
  return new Set([
    ...(plan?.choices ?? []).flatMap(({ resource, provider }) => (provider === 'docker' ? resource : [])),
    ...(plan?.services ?? []).flatMap(({ service, runs }) => (runs === 'container' ? service : [])),
  ]);
}
