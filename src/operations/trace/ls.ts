import * as z from 'zod';
import { openTraceStore } from '../../trace/index.ts';
import { TRACE_DURATION, TRACES } from '../bounds.ts';
import { numberIn, operationOf } from '../operation.ts';

export const operation = operationOf({
  effect: 'reads',
  input: {
    slow: z.boolean().default(false),
    failed: z.boolean().default(false),
    service: z.string().exactOptional(),
    over: numberIn(TRACE_DURATION).exactOptional(),
    limit: numberIn(TRACES).default(TRACES.default),
  },
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
