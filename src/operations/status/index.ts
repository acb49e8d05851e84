import * as z from 'zod';
import { observeResources } from '../../observe/resources.ts';
import { operationOf } from '../operation.ts';

export const operation = operationOf({
  about: 'what runs, and whether it answers its protocol with its credentials',
  effect: 'reads',
  input: z.object({}),
  documents: ['status'],
  async run(context, stack) {
    return { document: { kind: 'status', stack: stack.name, ...(await observeResources(context, stack)) } };
  },
});
