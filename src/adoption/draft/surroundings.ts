import type { Obstacle } from '../../model/adoption.ts';
import type { ResourceKind } from '../../model/resource.ts';
import type { Said } from '../fact.ts';

/** What variables may speak of. */
export interface Surroundings {
  /** Resources by the name that compose has for them, and by their own. */
  resources: ReadonlyMap<
    string,
    {
      name: string;
      kind: ResourceKind;
      /** container: what of an identity it has, and the port inside of it. */
      words: readonly string[];
      inside?: number;
    }
  >;
  /** Services likewise, with the port that they have here and the one inside of a container. */
  services: ReadonlyMap<string, { name: string; port?: number; inside?: number; outside?: number }>;
  /** What is left out, by its name of compose. */
  leftOut: ReadonlyMap<string, unknown>;
}

/** What one service is told by its variables. */
export interface Surrounded {
  service: string;
  around: Surroundings;
  secretNamed(variable: string, value: string, at: Said<string>['at']): string;
  obstacles: Obstacle[];
  /** What the service uses by these, to be started before it. */
  uses: Set<string>;
}

/**
 * The name of the resource of a kind that a service uses: the only one, or of several the one that is called as the service
 * is (`orders-db` for `orders`). `undefined` where that is no answer.
 */
export function resourceOfKind(
  kind: ResourceKind,
  { service, around }: Pick<Surrounded, 'service' | 'around'>,
): string | undefined {
  const names = [
    ...new Set([...around.resources.values()].filter((each) => each.kind === kind).map(({ name }) => name)),
  ];
  if (names.length < 2) return names[0];
  const own = wordsOf(service);
  const alike = names.filter((name) => wordsOf(name).some((word) => own.includes(word)));
  return alike.length === 1 ? alike[0] : undefined;
}

/** What names say of themselves: not that they are services, or databases. */
function wordsOf(name: string): string[] {
  const words = name
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => !COMMON.has(word));
  return words.map((word) => word.replace(/s$/, ''));
}

const COMMON = new Set([
  '',
  'service',
  'svc',
  'api',
  'app',
  'server',
  'worker',
  'db',
  'database',
  'postgres',
  'pg',
  'redis',
  'cache',
  'rabbitmq',
  'broker',
]);
