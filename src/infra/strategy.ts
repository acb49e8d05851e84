import type { ProviderName, Strategy } from '../model/resource.ts';
import type { ByHand } from './by-hand.ts';

/** Which providers may provide a resource, the first that can does. Left to itself, `up` goes by `hybrid`. */
export const PREFERENCE: Record<Strategy, readonly ProviderName[]> = {
  full_docker: ['docker'],
  hybrid: ['external', 'docker', 'native', 'embedded'],
  fallback: ['native', 'embedded'],
};

/** Who provides a resource, why, and what is lost by it (empty: nothing). */
export interface Choice {
  resource: string;
  provider: ProviderName;
  reason: string;
  loss: string;
  /** Set while an embedded part does the work of a real one that was there before and is gone. */
  standsIn?: true;
}

/** Where a service of the stack runs, and why there. */
export interface ServiceChoice {
  service: string;
  runs: 'process' | 'container';
  reason: string;
  /** The instances that their user runs: they are waited for, and neither started nor ended. */
  byHand?: readonly ByHand[];
}

export interface InfrastructurePlan {
  strategy: Strategy;
  choices: Choice[];
  services: ServiceChoice[];
}

/** What the whole is called: all in Docker, nothing in Docker and nothing adopted, or a mix. */
export function nameStrategy(
  choices: readonly Pick<Choice, 'provider'>[],
  services: readonly Pick<ServiceChoice, 'runs'>[],
): Strategy {
  const contained = choices.filter(({ provider }) => provider === 'docker').length;
  const inside = services.filter(({ runs }) => runs === 'container').length;
  const parts = choices.length + services.length;
  if (parts > 0 && contained + inside === parts) return 'full_docker';
  const adopted = choices.some(({ provider }) => provider === 'external');
  return contained === 0 && inside === 0 && !adopted ? 'fallback' : 'hybrid';
}
