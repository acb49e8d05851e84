import type { DocumentOf } from '../../../src/report/documents/index.ts';

export const document: DocumentOf<'migrated'> = {
  kind: 'migrated',
  stack: 'acme',
  queue: 'q_llm_requests',
  migrated: true,
  messages: 5000,
  paused: ['llm-api', 'quantum-core'],
  outcomes: [
    {
      change: { action: 'update', kind: 'queue', name: 'q_llm_requests', reason: 'migrated' },
      status: 'done',
    },
  ],
};
