import * as z from 'zod';
import { removeAddon } from '../../lifecycle/addons.ts';
import { stackPlaceHere } from '../../lifecycle/open.ts';
import { operationOf } from '../operation.ts';

export const operation = operationOf({
  effect: 'changes',
  input: { name: z.string(), dryRun: z.boolean().default(false) },
  documents: ['addon'],
  // One that was killed on the way leaves a stack that need not load.
  open: stackPlaceHere,
  locks: ({ dryRun }) => !dryRun,
  async run(context, stack, { name, dryRun }) {
    const plan = await removeAddon(context, stack, name, { dryRun });
    const next = [
      { command: 'qbtc up', why: 'ends what of it runs' },
      { command: 'qbtc routes sync --prune', why: 'takes its routes out of the gateway' },
      { command: 'qbtc topology apply --prune', why: 'takes its queues out of the broker' },
    ];
    return { document: { kind: 'addon', stack: stack.name, ...plan, dryRun, next: dryRun ? [] : next } };
  },
});
