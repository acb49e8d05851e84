import * as z from 'zod';
import { validateRoutes } from '../../gateway/index.ts';
import { exitFor } from '../exit.ts';
import { operationOf } from '../operation.ts';

export const operation = operationOf({
  about: 'ask the gateway whether it would take what is declared; writes nothing',
  effect: 'reads',
  input: z.object({}),
  documents: ['findings'],
  async run(context, stack) {
    const validation = await validateRoutes(context, stack);
    return {
      document: {
        kind: 'findings',
        subject: 'validate',
        about: 'the routes',
        stack: stack.name,
        ...validation,
      },
      exit: exitFor(validation.findings.length > 0),
    };
  },
});
