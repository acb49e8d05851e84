import * as z from 'zod';
import { observeMetrics } from '../observe/metrics.ts';
import { operationOf } from './operation.ts';

export const operation = operationOf({
  about: 'the numbers of machine, services, broker, cache, database and gateway; needs no Prometheus',
  effect: 'reads',
  input: z.object({}),
  documents: ['metrics'],
  async run(context, stack) {
    return { document: { kind: 'metrics', ...(await observeMetrics(context, stack)) } };
  },
});
