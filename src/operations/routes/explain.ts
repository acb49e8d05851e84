import * as z from 'zod';
import { explainRoute } from '../../gateway/index.ts';
import { exitFor } from '../exit.ts';
import { operationOf } from '../operation.ts';

export const operation = operationOf({
  effect: 'reads',
  input: {
    method: z.string(),
    url: z.string(),
    headers: z.record(z.string(), z.string()).default({}),
    from: z.string().exactOptional(),
    declared: z.boolean().default(false),
  },
  documents: ['explanation'],
  async run(context, stack, request) {
    const explanation = await explainRoute(context, stack, request);
    return {
      document: { kind: 'explanation', stack: stack.name, ...explanation },
      exit: exitFor(explanation.answer === undefined),
    };
  },
});
