import * as z from 'zod';
import { dumpRoutes } from '../../gateway/index.ts';
import { operationOf } from '../operation.ts';

export const operation = operationOf({
  effect: 'reads',
  input: { all: z.boolean().default(false) },
  documents: ['dump'],
  async run(context, stack, options) {
    const { yaml, objects, missing } = await dumpRoutes(context, stack, options);
    return { document: { kind: 'dump', stack: stack.name, yaml, objects, missing } };
  },
});
