import type { DocumentOf } from '../../../src/report/documents/index.ts';

export const document: DocumentOf<'address'> = {
  kind: 'address',
  stack: 'acme',
  name: 'gateway',
  url: 'http://127.0.0.1:9080',
  opened: false,
};
