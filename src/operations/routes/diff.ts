import * as z from 'zod';
import { planRoutes } from '../../gateway/index.ts';
import { exitFor } from '../exit.ts';
import { operationOf } from '../operation.ts';

export const operation = operationOf({
  effect: 'reads',
  input: { prune: z.boolean().default(false), adopt: z.boolean().default(false) },
  documents: ['plan'],
  async run(context, stack, options) {
    const { changes, leftovers } = await planRoutes(context, stack, options);
    return {
      document: { kind: 'plan', subject: 'routes', stack: stack.name, changes, leftovers },
      exit: exitFor(changes.length > 0),
    };
  },
});
