import type { DocumentOf } from '../../../src/report/documents/index.ts';

export const document: DocumentOf<'traces'> = {
  kind: 'traces',
  stack: 'acme',
  traces: [
    {
      id: 'a8f3bb524fac5c3802a1cbcb181c5eaa',
      startedAt: '2026-01-05T10:00:00.123456Z',
      durationUs: 1_247_467,
      service: 'llm-api',
      name: 'POST /v1/chat/completions',
      spans: 4,
      failedSpans: 1,
      services: ['llm-api', 'quantum-core'],
      correlationId: undefined,
    },
  ],
};
