import { resolve } from 'node:path';
import * as z from 'zod';
import { contractTypes } from '../../events/index.ts';
import { operationOf } from '../operation.ts';

export const operation = operationOf({
  effect: 'reads',
  input: { folder: z.string().exactOptional() },
  documents: ['text'],
  async run({ cwd }, stack, { folder }) {
    const text = await contractTypes(stack, folder === undefined ? undefined : resolve(cwd, folder));
    return { document: { kind: 'text', stack: stack.name, format: 'typescript', text } };
  },
});
