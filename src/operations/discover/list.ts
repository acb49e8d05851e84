import * as z from 'zod';
import { exitFor } from '../exit.ts';
import { operationOf } from '../operation.ts';
import { WHERE } from './input.ts';
import { foundNamed, hasErrors, look } from './look.ts';

export const operation = operationOf({
  effect: 'reads',
  input: { ...WHERE, all: z.boolean().default(false), explain: z.string().exactOptional() },
  documents: ['discovery', 'service'],
  async run(context, stack, { all, explain, ...where }) {
    const discovery = await look(context, stack, where);
    if (explain !== undefined) {
      const services = foundNamed(discovery, explain);
      return { document: { kind: 'service', stack: stack.name, services } };
    }
    return { document: { kind: 'discovery', ...discovery, all }, exit: exitFor(hasErrors(discovery)) };
  },
});
