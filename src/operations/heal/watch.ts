import * as z from 'zod';
import { watchAndHeal } from '../../heal/watch.ts';
import { operationOf } from '../operation.ts';

export const operation = operationOf({
  about: 'go on, and act when the score falls below the bar',
  effect: 'changes',
  input: z.object({
    below: z.number().min(0).max(100).exactOptional(),
    every: z.number().min(1).max(86_400).exactOptional(),
    timeout: z.int().min(1).max(3600).default(30),
  }),
  documents: [],
  tells: 'heal-watch',
  async run(context, stack, { below, every, timeout }, tell) {
    const { clock } = context;
    await watchAndHeal(context, stack, {
      timeoutMs: timeout * 1000,
      below: below ?? stack.heal.below,
      every: every ?? stack.heal.every,
      onEvent: (event) => tell({ kind: 'heal-watch', at: new Date(clock.now()).toISOString(), ...event }),
    });
    return {};
  },
});
