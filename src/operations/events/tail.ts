import * as z from 'zod';
import { openContractsIfAny, tailEvents } from '../../events/index.ts';
import { EVENTS } from '../bounds.ts';
import { numberIn, operationOf } from '../operation.ts';

export const operation = operationOf({
  effect: 'reads',
  input: {
    keys: z.array(z.string()).default([]),
    type: z.string().exactOptional(),
    correlation: z.string().exactOptional(),
    exchange: z.string().exactOptional(),
    count: numberIn(EVENTS).exactOptional(),
  },
  documents: [],
  tells: 'event',
  async run(context, stack, { keys, correlation, ...filter }, tell) {
    const { io, interrupted } = context;
    await tailEvents(context, stack, {
      ...filter,
      keys: keys.length === 0 ? ['#'] : keys,
      ...(correlation === undefined ? {} : { correlationId: correlation }),
      contracts: await openContractsIfAny(stack),
      onReady: () => io.err('following, Ctrl-C ends it\n'),
      onEvent: (event) => tell({ kind: 'event', ...event }),
      end: AbortSignal.any([interrupted, io.unread]),
    });
    return {};
  },
});
