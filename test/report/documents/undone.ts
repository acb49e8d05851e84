import type { DocumentOf } from '../../../src/report/documents/index.ts';

export const document: DocumentOf<'undone'> = {
  kind: 'undone',
  stack: 'acme',
  undone: [
    { fault: 'broker-down', status: 'done' },
    { fault: 'cache-slow', status: 'failed', reason: 'cache was not ready within 60 s' },
  ],
};
