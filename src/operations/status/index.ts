import { observeResources } from '../../observe/resources.ts';
import { operationOf } from '../operation.ts';

export const operation = operationOf({
  effect: 'reads',
  input: {},
  documents: ['status'],
  async run(context, stack) {
    return { document: { kind: 'status', stack: stack.name, ...(await observeResources(context, stack)) } };
  },
});
