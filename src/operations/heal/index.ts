import * as z from 'zod';
import { EXIT } from '../../errors.ts';
import { heal } from '../../heal/index.ts';
import { operationOf } from '../operation.ts';

export const operation = operationOf({
  about: 'mend what is broken, root cause first, and prove it; what is not ours is left alone',
  effect: 'changes',
  input: z.object({
    dryRun: z.boolean().default(false),
    retry: z.boolean().default(false),
    timeout: z.int().min(1).max(3600).default(30),
  }),
  documents: ['heal'],
  async run(context, stack, { timeout, ...options }) {
    const { progress } = context.io;
    const result = await heal(context, stack, {
      ...options,
      timeoutMs: timeout * 1000,
      onRepair: ({ remedy, problem }, outcome) => {
        const name = `${remedy} ${problem.subject}`;
        if (outcome === undefined) progress.step(name, problem.reason);
        else if (outcome.status === 'failed') progress.failed(name, outcome.said);
        else progress.done(name, outcome.said);
      },
    });
    progress.stop();
    const helped = result.outcomes.some(({ status }) => status === 'helped');
    const exit = result.left.length === 0 ? EXIT.done : helped ? EXIT.partial : EXIT.findings;
    return { document: { kind: 'heal', ...result }, exit };
  },
});
