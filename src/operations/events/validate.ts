import * as z from 'zod';
import { checkEventFiles, openContracts, readContracts, validateSchemas } from '../../events/index.ts';
import { exitFor } from '../exit.ts';
import { operationOf } from '../operation.ts';

export const operation = operationOf({
  effect: 'reads',
  input: { files: z.array(z.string()).default([]) },
  documents: ['findings'],
  async run({ cwd }, stack, { files }) {
    const schemas = files.length > 0 ? [] : await readContracts(stack);
    const findings =
      files.length > 0
        ? await checkEventFiles((await openContracts(stack)).contracts, cwd, files, stack.events.envelope)
        : validateSchemas(schemas, stack.root);
    return {
      document: {
        kind: 'findings',
        subject: 'validation',
        about: files.length > 0 ? 'the events' : 'the contracts',
        stack: stack.name,
        findings,
        checked: files.length > 0 ? files.length : schemas.length,
      },
      exit: exitFor(findings.length > 0),
    };
  },
});
