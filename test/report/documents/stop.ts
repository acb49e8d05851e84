import type { DocumentOf } from '../../../src/report/documents/index.ts';

export const document: DocumentOf<'stop'> = {
  kind: 'stop',
  stack: 'acme',
  stopped: ['broker'],
  stranded: ['llm-api'],
};
