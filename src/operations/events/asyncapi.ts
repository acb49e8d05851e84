import { asyncApiOf, participantsOf, readContracts } from '../../events/index.ts';
import { operationOf } from '../operation.ts';

export const operation = operationOf({
  effect: 'reads',
  input: {},
  documents: ['text'],
  async run(_, stack) {
    const about = { title: stack.name, version: '1', ...stack.events };
    const text = asyncApiOf(await readContracts(stack), about, participantsOf(stack));
    return { document: { kind: 'text', stack: stack.name, format: 'asyncapi', text } };
  },
});
