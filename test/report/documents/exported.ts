import type { DocumentOf } from '../../../src/report/documents/index.ts';

export const document: DocumentOf<'exported'> = {
  kind: 'exported',
  stack: 'acme',
  format: 'adc',
  text: 'services: []\n',
  objects: 1,
  losses: ['proto 1: ADC has none'],
  variables: ['SECRET_API_KEY'],
};
