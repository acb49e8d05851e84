import type { Context } from '../context.ts';
import { QbtcError } from '../errors.ts';
import { stackRootHere } from '../lifecycle/open.ts';
import { observeStacks } from '../observe/stacks.ts';
import { operationOf } from './operation.ts';

export const operation = operationOf({
  effect: 'reads',
  input: {},
  documents: ['stacks'],
  open: folderHere,
  async run(context, here) {
    return { document: { kind: 'stacks', stacks: await observeStacks(context, here) } };
  },
});

/** It may be asked anywhere. */
async function folderHere(context: Context): Promise<string | undefined> {
  return stackRootHere(context).catch((error: unknown) => {
    if (error instanceof QbtcError && error.code === 'STACK_NOT_FOUND') return undefined;
    throw error;
  });
}
