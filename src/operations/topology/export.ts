import * as z from 'zod';
import { EXIT, QbtcError } from '../../errors.ts';
import { openStackHere } from '../../lifecycle/open.ts';
import { exportTopology } from '../../topology/index.ts';
import { operationOf } from '../operation.ts';

const FORMATS = ['yaml', 'definitions'];

export const operation = operationOf({
  about: 'the whole topology: as a file of ours, or as definitions that a RabbitMQ loads',
  effect: 'reads',
  input: z.object({ format: z.string().default('yaml') }),
  documents: ['text'],
  async open(context, { format }) {
    if (FORMATS.includes(format)) return openStackHere(context);
    throw new QbtcError('BAD_FORMAT', `found the format "${format}"`, {
      exit: EXIT.usage,
      hint: `one of ${FORMATS.join(', ')}`,
    });
  },
  async run(_, stack, { format }) {
    return {
      document: {
        kind: 'text',
        stack: stack.name,
        format,
        text: await exportTopology(stack, format as 'yaml' | 'definitions'),
      },
    };
  },
});
