import { expect, test } from 'vitest';
import { placeOf } from '../../src/score/place.ts';
import { emptyStack, PLAIN_SERVICE } from '../support/stack.ts';

const at = (file: string) => ({ file, line: 3, column: 5 });
const placed = emptyStack('/stack', {
  gateway: {
    consumers: [],
    objects: [],
    locate: (kind, id) => (kind === 'route' && id === 'acme-chat' ? at('routes.yaml') : undefined),
  },
  locate: (name) => (['api', 'broker'].includes(name) ? at(`${name}.yaml`) : undefined),
  services: [
    {
      ...PLAIN_SERVICE,
      name: 'api',
      path: '/stack/api',
      entry: 'main.ts',
      port: 8000,
      replicas: 2,
      dependsOn: [],
      env: {},
      containerEnv: {},
      routes: [],
    },
  ],
});
const fix = { why: 'gone', cause: 'broker' };

test.each([
  ['a route where it is declared, whatever is to blame', { subject: 'acme-chat', fix }, 'routes.yaml'],
  ['a part where it is declared', { subject: 'broker' }, 'broker.yaml'],
  ['an instance where its service is', { subject: 'api-2' }, 'api.yaml'],
  ['a hop where what is to blame is', { subject: 'llm hop 2, api', fix }, 'broker.yaml'],
  ['nothing that no file declares', { subject: 'llm hop 2, api' }, undefined],
] as const)('%s', (_, check, file) => {
  expect(placeOf(placed, check)).toEqual(file === undefined ? undefined : at(file));
});
