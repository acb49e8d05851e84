import type { DocumentOf } from '../../../src/report/documents/index.ts';

export const document: DocumentOf<'waited'> = {
  kind: 'waited',
  stack: 'acme',
  met: false,
  tookMs: 60_012,
  waited: [
    { condition: { kind: 'healthy', names: ['llm-api'] }, met: true, missing: [] },
    {
      condition: { kind: 'score', points: 90 },
      met: false,
      missing: [{ name: 'score', reason: '71.5 of 100' }],
    },
    { condition: { kind: 'flow', tag: 'smoke' }, met: false, missing: [] },
  ],
};
