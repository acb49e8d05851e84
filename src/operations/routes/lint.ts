import * as z from 'zod';
import { lintRoutes } from '../../gateway/index.ts';
import { openStackHere } from '../../lifecycle/open.ts';
import { exitFor } from '../exit.ts';
import { operationOf } from '../operation.ts';

export const operation = operationOf({
  effect: 'reads',
  input: { strict: z.boolean().default(false) },
  documents: ['findings'],
  open: (context) => openStackHere(context, { readOnly: true }),
  async run(context, stack, { strict }) {
    const findings = await lintRoutes(context, stack);
    return {
      document: { kind: 'findings', subject: 'lint', about: 'the routes', stack: stack.name, findings },
      exit: exitFor(findings.some(({ severity }) => strict || severity === 'error')),
    };
  },
});
