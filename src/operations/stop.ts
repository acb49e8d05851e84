import * as z from 'zod';
import { chooseParts } from '../lifecycle/named.ts';
import { stop } from '../lifecycle/stop.ts';
import { operationOf } from './operation.ts';

export const operation = operationOf({
  effect: 'changes',
  input: { names: z.array(z.string()).min(1) },
  documents: ['stop'],
  async run(context, stack, { names }) {
    return { document: { kind: 'stop', ...(await stop(context, stack, chooseParts(stack, names))) } };
  },
});
