import type { DocumentOf } from '../../../src/report/documents/index.ts';

export const document: DocumentOf<'rotated'> = {
  kind: 'rotated',
  stack: 'acme',
  rotated: ['broker-password'],
  restarted: ['llm-api'],
  kept: ['broker', 'cache'],
};
