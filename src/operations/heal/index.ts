import * as z from 'zod';
import { EXIT } from '../../errors.ts';
import { heal } from '../../heal/index.ts';
import { HEAL_TIMEOUT } from '../bounds.ts';
import { numberIn, operationOf } from '../operation.ts';

export const operation = operationOf({
  effect: 'changes',
  input: {
    dryRun: z.boolean().default(false),
    retry: z.boolean().default(false),
    timeout: numberIn(HEAL_TIMEOUT).default(HEAL_TIMEOUT.default),
  },
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
