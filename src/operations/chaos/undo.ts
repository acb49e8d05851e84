import * as z from 'zod';
import { undo } from '../../chaos/index.ts';
import { exitOf } from '../exit.ts';
import { operationOf } from '../operation.ts';

export const operation = operationOf({
  effect: 'changes',
  input: { faults: z.array(z.string()).default([]) },
  documents: ['undone'],
  async run(context, stack, { faults }) {
    const undone = await undo(context, stack, faults);
    context.io.progress.stop();
    return { document: { kind: 'undone', stack: stack.name, undone }, exit: exitOf(undone) };
  },
});
