import * as z from 'zod';
import { openContracts, publishEvent } from '../../events/index.ts';
import { operationOf } from '../operation.ts';

export const operation = operationOf({
  effect: 'changes',
  input: {
    type: z.string(),
    data: z.unknown(),
    key: z.string().exactOptional(),
    exchange: z.string().exactOptional(),
    correlation: z.string().exactOptional(),
  },
  documents: ['published'],
  async run(context, stack, { type, data, key, exchange, correlation }) {
    const published = await publishEvent(context, stack, await openContracts(stack), {
      type,
      data,
      ...(key === undefined ? {} : { routingKey: key }),
      ...(exchange === undefined ? {} : { exchange }),
      ...(correlation === undefined ? {} : { correlationId: correlation }),
    });
    return { document: { kind: 'published', stack: stack.name, ...published } };
  },
});
