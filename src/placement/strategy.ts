import type { Choice, ServiceChoice } from '../model/placement.ts';
import type { ProviderName, Strategy } from '../model/resource.ts';

/** Which providers may provide a resource, the first that can does. Left to itself, `up` goes by `hybrid`. */
export const PREFERENCE: Record<Strategy, readonly ProviderName[]> = {
  full_docker: ['docker'],
  hybrid: ['external', 'docker', 'native', 'embedded'],
  fallback: ['native', 'embedded'],
};

/** What the whole is called: all in Docker, nothing in Docker and nothing adopted, or a mix. */
export function nameStrategy(
  choices: readonly Pick<Choice, 'provider'>[],
  services: readonly Pick<ServiceChoice, 'runs'>[],
): Strategy {
  const contained = choices.filter(({ provider }) => provider === 'docker').length;
  const inside = services.filter(({ runs }) => runs === 'container').length;
  const parts = choices.length + services.length;
  if (parts > 0 && contained + inside === parts) return 'full_docker';
  const adopted =
    choices.some(({ provider }) => provider === 'external') ||
    services.some(({ runs }) => runs === 'adopted');
  return contained === 0 && inside === 0 && !adopted ? 'fallback' : 'hybrid';
}
