import * as z from 'zod';
import { chooseParts } from '../lifecycle/named.ts';
import { restart } from '../lifecycle/restart.ts';
import { adoptedParts } from '../lifecycle/stop.ts';
import { READY_TIMEOUT } from './bounds.ts';
import { numberIn, operationOf } from './operation.ts';

export const operation = operationOf({
  effect: 'changes',
  input: {
    names: z.array(z.string()).default([]),
    timeout: numberIn(READY_TIMEOUT).default(READY_TIMEOUT.default),
  },
  documents: ['up'],
  async run(context, stack, { names: given, timeout }) {
    const adopted = await adoptedParts(context, stack);
    const all = [...stack.resources, ...stack.services].map(({ name }) => name);
    const names = given.length > 0 ? chooseParts(stack, given) : all.filter((name) => !adopted.has(name));
    const { timing: _, ...result } = await restart(context, stack, names, timeout * 1000);
    return { document: { kind: 'up', ...result } };
  },
});
