import { secretUses } from '../../config/secret-uses.ts';
import { operationOf } from '../operation.ts';

export const operation = operationOf({
  effect: 'reads',
  input: {},
  documents: ['secrets'],
  async run(_, stack) {
    return { document: { kind: 'secrets', stack: stack.name, secrets: secretUses(stack) } };
  },
});
