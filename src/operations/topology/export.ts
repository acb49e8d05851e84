import * as z from 'zod';
import { TOPOLOGY_FORMATS } from '../../model/topology.ts';
import { exportTopology } from '../../topology/index.ts';
import { operationOf } from '../operation.ts';

export const operation = operationOf({
  effect: 'reads',
  input: { format: z.enum(TOPOLOGY_FORMATS).default('yaml') },
  documents: ['text'],
  async run(_, stack, { format }) {
    const text = await exportTopology(stack, format);
    return { document: { kind: 'text', stack: stack.name, format, text } };
  },
});
