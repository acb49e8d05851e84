import { docsOf, participantsOf, readContracts } from '../../events/index.ts';
import { operationOf } from '../operation.ts';

export const operation = operationOf({
  effect: 'reads',
  input: {},
  documents: ['text'],
  async run(_, stack) {
    const text = docsOf(await readContracts(stack), participantsOf(stack));
    return { document: { kind: 'text', stack: stack.name, format: 'markdown', text } };
  },
});
