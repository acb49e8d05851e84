import * as z from 'zod';
import { secretUses } from '../../config/secret-uses.ts';
import { operationOf } from '../operation.ts';

export const operation = operationOf({
  about: 'what secrets the stack has, what each is for, and which services get it; never a value',
  effect: 'reads',
  input: z.object({}),
  documents: ['secrets'],
  async run(_, stack) {
    return { document: { kind: 'secrets', stack: stack.name, secrets: secretUses(stack) } };
  },
});
