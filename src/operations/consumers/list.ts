import { listConsumers } from '../../lifecycle/consumers.ts';
import { operationOf } from '../operation.ts';

export const operation = operationOf({
  effect: 'reads',
  input: {},
  documents: ['consumers'],
  async run(_, stack) {
    return { document: { kind: 'consumers', stack: stack.name, consumers: await listConsumers(stack) } };
  },
});
