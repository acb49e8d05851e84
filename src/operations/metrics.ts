import { observeMetrics } from '../observe/metrics.ts';
import { operationOf } from './operation.ts';

export const operation = operationOf({
  effect: 'reads',
  input: {},
  documents: ['metrics'],
  async run(context, stack) {
    return { document: { kind: 'metrics', ...(await observeMetrics(context, stack)) } };
  },
});
