import { expect, test } from 'vitest';
import type { ProviderName, Strategy } from '../../src/model/resource.ts';
import { nameStrategy } from '../../src/placement/strategy.ts';

test.each<[ProviderName[], ('process' | 'container')[], Strategy]>([
  [['docker', 'docker'], ['container'], 'full_docker'],
  [['docker', 'docker'], [], 'full_docker'],
  [['docker', 'docker'], ['process'], 'hybrid'],
  [['docker', 'embedded'], ['container'], 'hybrid'],
  [['external', 'embedded'], ['process'], 'hybrid'],
  [['native', 'embedded'], ['process'], 'fallback'],
  [[], [], 'fallback'],
])('%j with services as %j is %s', (choices, services, strategy) => {
  const named = nameStrategy(
    choices.map((provider) => ({ provider })),
    services.map((runs) => ({ runs })),
  );
  expect(named).toBe(strategy);
});
