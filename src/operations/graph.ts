import * as z from 'zod';
import { graphOfStack } from '../lifecycle/graph.ts';
import { GRAPH_FORMATS } from '../model/graph.ts';
import { operationOf } from './operation.ts';

export const operation = operationOf({
  effect: 'reads',
  input: { format: z.enum(GRAPH_FORMATS).default('text') },
  documents: ['graph'],
  async run(_, stack, { format }) {
    return { document: { kind: 'graph', format, ...(await graphOfStack(stack)) } };
  },
});
