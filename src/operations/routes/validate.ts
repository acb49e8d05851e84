import { validateRoutes } from '../../gateway/index.ts';
import { exitFor } from '../exit.ts';
import { operationOf } from '../operation.ts';

export const operation = operationOf({
  effect: 'reads',
  input: {},
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
