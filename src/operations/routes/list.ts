import { listRoutes } from '../../gateway/index.ts';
import { operationOf } from '../operation.ts';

export const operation = operationOf({
  effect: 'reads',
  input: {},
  documents: ['routes'],
  async run(context, stack) {
    return { document: { kind: 'routes', stack: stack.name, routes: await listRoutes(context, stack) } };
  },
});
