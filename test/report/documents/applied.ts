import type { DocumentOf } from '../../../src/report/documents/index.ts';

export const document: DocumentOf<'applied'> = {
  kind: 'applied',
  subject: 'topology',
  stack: 'acme',
  outcomes: [
    { change: { action: 'create', kind: 'queue', name: 'q_llm_requests' }, status: 'done' },
    {
      change: { action: 'create', kind: 'exchange', name: 'qbtc.topic' },
      status: 'failed',
      reason: 'PRECONDITION_FAILED: the exchange exists with the type direct',
    },
    {
      change: { action: 'create', kind: 'binding', name: 'qbtc.topic → q_llm_requests' },
      status: 'skipped',
      reason: 'exchange qbtc.topic failed',
    },
  ],
  answers: [
    {
      route: 'acme-llm-models',
      request: 'GET /v1/models',
      status: 200,
      answered: true,
      evidence: '200 from behind the gateway',
    },
  ],
};
