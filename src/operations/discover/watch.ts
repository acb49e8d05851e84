import * as z from 'zod';
import { watchAndRegister } from '../../lifecycle/discover.ts';
import { operationOf } from '../operation.ts';
import { WHERE, whereOf } from './input.ts';

export const operation = operationOf({
  effect: 'changes',
  input: { ...WHERE, register: z.boolean().default(false) },
  documents: [],
  tells: 'service-change',
  async run(context, stack, { register, ...where }, tell) {
    const { io, interrupted } = context;
    io.err('watching, Ctrl-C ends it\n');
    await watchAndRegister(context, stack, {
      ...whereOf(where),
      register,
      onChange: (change) => tell({ kind: 'service-change', ...change }),
      end: AbortSignal.any([interrupted, io.unread]),
    });
    return {};
  },
});
