import * as z from 'zod';
import { checkScale, parseProviders, parseScale } from '../lifecycle/choosing.ts';
import { chooseParts } from '../lifecycle/named.ts';
import { openStackHere } from '../lifecycle/open.ts';
import { up } from '../lifecycle/up.ts';
import { planUp } from '../lifecycle/up-plan.ts';
import { STRATEGIES } from '../model/resource.ts';
import { PORT_BASE, READY_TIMEOUT } from './bounds.ts';
import { numberIn, operationOf } from './operation.ts';

export const operation = operationOf({
  effect: 'changes',
  input: {
    names: z.array(z.string()).default([]),
    strategy: z.enum(STRATEGIES).exactOptional(),
    provider: z.array(z.string()).default([]),
    scale: z.array(z.string()).default([]),
    portBase: numberIn(PORT_BASE).exactOptional(),
    dryRun: z.boolean().default(false),
    apply: z.boolean().default(true),
    timeout: numberIn(READY_TIMEOUT).default(READY_TIMEOUT.default),
    acceptLoss: z.boolean().default(false),
    timing: z.boolean().default(false),
  },
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
    const placement = {
      providers: parseProviders(stack, provider),
      ...(strategy === undefined ? {} : { strategy }),
    };
    const only = chooseParts(stack, names);
    if (dryRun) {
      const plan = await planUp(context, stack, { placement, only, applies: apply });
      return { document: { kind: 'up-plan', ...plan } };
    }
    const timeoutMs = timeout * 1000;
    const options = { apply, timeoutMs, acceptLoss, placement, only, scale };
    const { timing, ...result } = await up(context, stack, options);
    return { document: { kind: 'up', ...result, ...(input.timing ? { timing } : {}) } };
  },
});
