import type { World } from '../../src/heal/world.ts';
import type { Snapshot } from '../../src/model/observation.ts';
import type { Stack } from '../../src/model/stack.ts';
import { score } from '../../src/score/index.ts';
import { service } from '../flow/chain.ts';
import { snapshot, stack } from '../score/world.ts';

/** llm-api asks quantum-core; both speak through the broker. */
export function chained(): Stack {
  return {
    ...stack(),
    services: [
      service('llm-api', 8000, { dependsOn: ['broker', 'quantum-core'], routes: [{ name: 'llm-chat' }] }),
      service('quantum-core', 8001, { dependsOn: ['broker', 'cache'], routes: [{ name: 'core' }] }),
    ],
  };
}

export function world(changes: Partial<Snapshot> = {}, more: Partial<World> = {}): World {
  const seen = snapshot(changes);
  return { snapshot: seen, score: score(seen, chained()), holders: [], deadLetters: [], ...more };
}
