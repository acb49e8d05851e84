import * as z from 'zod';
import { declaresTopology, planTopology } from '../../topology/index.ts';
import { exitFor } from '../exit.ts';
import { operationOf } from '../operation.ts';

export const operation = operationOf({
  effect: 'reads',
  input: { prune: z.boolean().default(false) },
  documents: ['plan'],
  async run(context, stack, options) {
    const { changes, leftovers, unmanaged, notMeasured } = await planTopology(context, stack, options);
    return {
      document: {
        kind: 'plan',
        subject: 'topology',
        stack: stack.name,
        changes,
        leftovers,
        unmanaged: { ...unmanaged },
        notMeasured,
        ...(declaresTopology(stack) ? {} : { undeclared: true as const }),
      },
      exit: exitFor(changes.length > 0),
    };
  },
});
