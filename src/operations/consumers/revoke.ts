import * as z from 'zod';
import { EXIT } from '../../errors.ts';
import { revokeConsumer } from '../../lifecycle/consumers.ts';
import { operationOf } from '../operation.ts';

export const operation = operationOf({
  effect: 'destroys',
  input: { name: z.string(), previous: z.boolean().default(false) },
  documents: ['applied'],
  async run(context, stack, { name, previous }) {
    const outcomes = await revokeConsumer(context, stack, name, { previous });
    return {
      document: { kind: 'applied', subject: 'consumers', stack: stack.name, outcomes },
      exit: outcomes.every(({ status }) => status === 'done') ? EXIT.done : EXIT.partial,
    };
  },
});
