import type { DocumentOf } from '../../../src/report/documents/index.ts';

export const document: DocumentOf<'down'> = {
  kind: 'down',
  stack: 'acme',
  stopped: ['llm-api', 'broker'],
  removed: ['/stack/.qbtc/data'],
};
