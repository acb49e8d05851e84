import * as z from 'zod';
import { listConsumers } from '../../lifecycle/consumers.ts';
import { operationOf } from '../operation.ts';

export const operation = operationOf({
  about: 'the consumers, declared and added; never a key',
  effect: 'reads',
  input: z.object({}),
  documents: ['consumers'],
  async run(_, stack) {
    return { document: { kind: 'consumers', stack: stack.name, consumers: await listConsumers(stack) } };
  },
});
