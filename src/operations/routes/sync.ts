import * as z from 'zod';
import { EXIT } from '../../errors.ts';
import { applyRoutes, gatewayOf, planRoutes, proveChanges } from '../../gateway/index.ts';
import { CONCURRENCY } from '../bounds.ts';
import { exitOf } from '../exit.ts';
import { numberIn, operationOf } from '../operation.ts';

export const operation = operationOf({
  effect: 'destroys',
  input: {
    dryRun: z.boolean().default(false),
    prune: z.boolean().default(false),
    adopt: z.boolean().default(false),
    atomic: z.boolean().default(false),
    prove: z.boolean().default(false),
    concurrency: numberIn(CONCURRENCY).exactOptional(),
  },
  documents: ['plan', 'applied'],
  locks: ({ dryRun }) => !dryRun,
  async run(context, stack, { dryRun, prune, adopt, prove, ...options }) {
    const about = { subject: 'routes', stack: stack.name };
    const plan = await planRoutes(context, stack, { prune, adopt });
    const { changes, leftovers } = plan;
    if (dryRun) return { document: { kind: 'plan', ...about, changes, leftovers } };
    const outcomes = await applyRoutes(context, stack, plan, options);
    const { interrupted } = context;
    if (!prove || interrupted.aborted) {
      const exit = interrupted.aborted ? EXIT.interrupted : exitOf(outcomes);
      return { document: { kind: 'applied', ...about, outcomes, leftovers }, exit };
    }
    const answers = await proveChanges(context, stack, outcomes, gatewayOf(stack).endpoint.url);
    const exit = interrupted.aborted ? EXIT.interrupted : exitOf(outcomes);
    const silent = answers.some(({ answered }) => !answered);
    return {
      document: { kind: 'applied', ...about, outcomes, leftovers, answers },
      exit: exit === EXIT.done && silent ? EXIT.findings : exit,
    };
  },
});
