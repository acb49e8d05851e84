import * as z from 'zod';
import { up } from '../../lifecycle/up.ts';
import { planUp } from '../../lifecycle/up-plan.ts';
import { operationOf } from '../operation.ts';
import { openForUp, upInput, upOptions } from './input.ts';

export const operation = operationOf({
  effect: 'changes',
  input: { ...upInput, dryRun: z.boolean().default(false), timing: z.boolean().default(false) },
  documents: ['up', 'up-plan'],
  open: (context, input) => openForUp(context, input, input.dryRun),
  async run(context, stack, { dryRun, timing: shows, ...given }) {
    const options = upOptions(stack, given);
    if (dryRun) {
      const { placement, only, apply: applies } = options;
      return {
        document: { kind: 'up-plan', ...(await planUp(context, stack, { placement, only, applies })) },
      };
    }
    const { timing, ...result } = await up(context, stack, options);
    return { document: { kind: 'up', ...result, ...(shows ? { timing } : {}) } };
  },
});
