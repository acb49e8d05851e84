import * as z from 'zod';
import { addAddon } from '../../lifecycle/addons.ts';
import { stackPlaceHere } from '../../lifecycle/open.ts';
import { operationOf } from '../operation.ts';

export const operation = operationOf({
  effect: 'changes',
  input: {
    name: z.string(),
    dryRun: z.boolean().default(false),
    install: z.boolean().default(true),
  },
  documents: ['addon'],
  // One that was killed on the way leaves a stack that need not load.
  open: stackPlaceHere,
  locks: ({ dryRun }) => !dryRun,
  async run(context, stack, { name, ...options }) {
    const plan = await addAddon(context, stack, name, options);
    const next = [
      { command: 'qbtc up', why: 'starts what was added' },
      { command: `qbtc test --tag ${name}`, why: 'proves that it works' },
    ];
    const { dryRun } = options;
    return { document: { kind: 'addon', stack: stack.name, ...plan, dryRun, next: dryRun ? [] : next } };
  },
});
