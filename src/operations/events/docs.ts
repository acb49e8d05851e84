import * as z from 'zod';
import { docsOf, participantsOf, readContracts } from '../../events/index.ts';
import { operationOf } from '../operation.ts';

export const operation = operationOf({
  about: 'a page in Markdown that describes every event',
  effect: 'reads',
  input: z.object({}),
  documents: ['text'],
  async run(_, stack) {
    const text = docsOf(await readContracts(stack), participantsOf(stack));
    return { document: { kind: 'text', stack: stack.name, format: 'markdown', text } };
  },
});
