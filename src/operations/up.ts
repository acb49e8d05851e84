import * as z from 'zod';
import { checkScale, parseProviders, parseScale } from '../lifecycle/choosing.ts';
import { chooseParts } from '../lifecycle/named.ts';
import { openStackHere } from '../lifecycle/open.ts';
import { up } from '../lifecycle/up.ts';
import { planUp } from '../lifecycle/up-plan.ts';
import { operationOf } from './operation.ts';

export const operation = operationOf({
  about: 'start the stack, apply migrations, topology and routes, and return when all of it is healthy',
  effect: 'changes',
  input: z.object({
    names: z.array(z.string()).default([]),
    strategy: z.enum(['full_docker', 'hybrid', 'fallback']).exactOptional(),
    provider: z.array(z.string()).default([]),
    scale: z.array(z.string()).default([]),
    portBase: z.int().min(0).max(50_000).exactOptional(),
    dryRun: z.boolean().default(false),
    apply: z.boolean().default(true),
    timeout: z.int().min(1).max(3600).default(60),
    acceptLoss: z.boolean().default(false),
    timing: z.boolean().default(false),
  }),
  documents: ['up', 'up-plan'],
  open: (context, { dryRun: readOnly, scale, portBase }) =>
    openStackHere(context, {
      readOnly,
      scale: parseScale(scale),
      ...(portBase === undefined ? {} : { portBase }),
    }),
  async run(context, stack, { names, strategy, provider, dryRun, apply, timeout, acceptLoss, ...input }) {
    const scale = parseScale(input.scale);
    checkScale(stack, scale);
    const wishes = {
      providers: parseProviders(stack, provider),
      ...(strategy === undefined ? {} : { strategy }),
    };
    const only = chooseParts(stack, names);
    if (dryRun) {
      const plan = await planUp(context, stack, { wishes, only, applies: apply });
      return { document: { kind: 'up-plan', ...plan } };
    }
    const timeoutMs = timeout * 1000;
    const options = { apply, timeoutMs, acceptLoss, wishes, only, scale };
    const { timing, ...result } = await up(context, stack, options);
    return { document: { kind: 'up', ...result, ...(input.timing ? { timing } : {}) } };
  },
});
