import * as z from 'zod';
import { listRoutes } from '../../gateway/index.ts';
import { operationOf } from '../operation.ts';

export const operation = operationOf({
  about: 'the routes of the gateway: where they lead, whose they are, what runs on them',
  effect: 'reads',
  input: z.object({}),
  documents: ['routes'],
  async run(context, stack) {
    return { document: { kind: 'routes', stack: stack.name, routes: await listRoutes(context, stack) } };
  },
});
