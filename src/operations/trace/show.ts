import * as z from 'zod';
import { openStackHere } from '../../lifecycle/open.ts';
import { findTrace } from '../../trace/index.ts';
import { operationOf } from '../operation.ts';
import { wantedFrom } from './wanted.ts';

export const operation = operationOf({
  effect: 'reads',
  input: {
    id: z.string().exactOptional(),
    last: z.boolean().default(false),
    correlation: z.string().exactOptional(),
  },
  documents: ['trace'],
  async open(context, input) {
    wantedFrom(input);
    return openStackHere(context);
  },
  async run(context, stack, input) {
    const trace = await findTrace(context, stack, wantedFrom(input));
    return { document: { kind: 'trace', stack: stack.name, trace } };
  },
});
