import * as z from 'zod';
import { readContracts, typesOf } from '../../events/index.ts';
import { operationOf } from '../operation.ts';

export const operation = operationOf({
  about: 'TypeScript types of the events',
  effect: 'reads',
  input: z.object({}),
  documents: ['text'],
  async run(_, stack) {
    const text = typesOf(await readContracts(stack));
    return { document: { kind: 'text', stack: stack.name, format: 'typescript', text } };
  },
});
