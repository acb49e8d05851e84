import type { DocumentOf } from '../../../src/report/documents/index.ts';

export const document: DocumentOf<'experiment'> = {
  kind: 'experiment',
  stack: 'acme',
  experiment: 'broker-restart',
  description: 'The broker is killed while requests go on.',
  takenAt: '2030-01-01T00:00:00.000Z',
  faults: [{ name: 'broker-kill', atMs: 2000, endMs: 4000 }],
  steady: [{ flow: 'llm-plain', before: 'passed', after: 'passed' }],
  requests: { sent: 4, answered: 2, refused: { '503': 1 }, cutOff: 1, lost: 0, p50Ms: 12, p99Ms: 40 },
  timeline: [
    { atMs: 0, tookMs: 12, status: 200, correlationId: 'a' },
    { atMs: 2500, tookMs: 3, status: 503, correlationId: 'b' },
    { atMs: 3000, tookMs: 900, correlationId: 'c' },
    { atMs: 9000, tookMs: 40, status: 200, correlationId: 'd' },
  ],
  absences: [
    { part: 'broker', fromMs: 2000, toMs: 6000 },
    { part: 'llm-api', fromMs: 2500 },
  ],
  everyMs: 500,
  recoveredAfterMs: 2100,
  healNeeded: true,
  findings: ['not well within 60 s: llm-api'],
  durationMs: 14_000,
};
