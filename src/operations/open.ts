import * as z from 'zod';
import { addressOfPart } from '../lifecycle/address.ts';
import { operationOf } from './operation.ts';

export const operation = operationOf({
  effect: 'reads',
  input: { name: z.string() },
  documents: ['address'],
  async run(_, stack, { name }) {
    return {
      document: { kind: 'address', stack: stack.name, name, url: addressOfPart(stack, name), opened: false },
    };
  },
});
