import type { DocumentOf } from '../../../src/report/documents/index.ts';

export const document: DocumentOf<'published'> = {
  kind: 'published',
  stack: 'acme',
  id: 'e-1',
  type: 'service_gone',
  correlationId: 'c-1',
  exchange: 'qbtc.topic',
  routingKey: 'service.gone',
};
