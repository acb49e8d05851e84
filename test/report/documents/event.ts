import type { DocumentOf } from '../../../src/report/documents/index.ts';

export const document: DocumentOf<'event'> = {
  kind: 'event',
  exchange: 'qbtc.topic',
  routingKey: 'llm.request',
  seenAt: '2026-01-05T10:00:00.000Z',
  type: 'llm_request',
  source: 'llm-api',
  id: 'e-1',
  correlationId: 'c-1',
  problem: '/data/model must be string',
  event: { type: 'llm_request' },
};
