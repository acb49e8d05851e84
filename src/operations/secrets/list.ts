import { secretUses } from '../../config/secret-uses.ts';
import { openStackHere } from '../../lifecycle/open.ts';
import { operationOf } from '../operation.ts';

export const operation = operationOf({
  effect: 'reads',
  input: {},
  documents: ['secrets'],
  // It lists what is not set yet, too.
  open: (context) => openStackHere(context, { readOnly: true }),
  async run(_, stack) {
    return { document: { kind: 'secrets', stack: stack.name, secrets: secretUses(stack) } };
  },
});
