import * as z from 'zod';
import { EXIT } from '../../errors.ts';
import { registerServices } from '../../lifecycle/discover.ts';
import { exitOf } from '../exit.ts';
import { operationOf } from '../operation.ts';
import { WHERE } from './input.ts';
import { foundNamed, hasErrors, look } from './look.ts';

export const operation = operationOf({
  effect: 'changes',
  input: { ...WHERE, dryRun: z.boolean().default(false), include: z.array(z.string()).default([]) },
  documents: ['registered'],
  async run(context, stack, { dryRun, include, ...where }) {
    const discovery = await look(context, stack, where);
    for (const name of include) foundNamed(discovery, name);
    const { outcomes, ...registration } = await registerServices(context, stack, discovery, {
      dryRun,
      include,
    });
    const { findings } = discovery;
    const applied = exitOf(outcomes);
    const exit = applied === EXIT.done && registration.announcing === 'failed' ? EXIT.partial : applied;
    return {
      document: { kind: 'registered', stack: stack.name, dryRun, findings, ...registration },
      exit: exit === EXIT.done && hasErrors(discovery) ? EXIT.findings : exit,
    };
  },
});
