import * as z from 'zod';
import { openTraceStore } from '../../trace/index.ts';
import { operationOf } from '../operation.ts';

export const operation = operationOf({
  about: 'list traces, the newest first',
  effect: 'reads',
  input: z.object({
    slow: z.boolean().default(false),
    failed: z.boolean().default(false),
    service: z.string().exactOptional(),
    over: z.int().min(0).exactOptional(),
    limit: z.int().min(1).max(1000).default(20),
  }),
  documents: ['traces'],
  async run(context, stack, { slow, failed, service, over, limit }) {
    const traces = await openTraceStore(context, stack).traces({
      order: slow ? 'slowest' : 'newest',
      ...(failed ? { failed } : {}),
      ...(service === undefined ? {} : { service }),
      ...(over === undefined ? {} : { minDurationMs: over }),
      limit,
    });
    return { document: { kind: 'traces', stack: stack.name, traces } };
  },
});
