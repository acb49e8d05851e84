import type { DocumentOf } from '../../../src/report/documents/index.ts';

export const document: DocumentOf<'chaos'> = {
  kind: 'chaos',
  stack: 'acme',
  allowed: true,
  experiments: [{ name: 'broker-restart', description: 'The broker is killed while requests go on.' }],
  faults: [
    { kind: 'down', about: 'ended in order, and kept down', subjects: ['broker', 'cache'] },
    { kind: 'flood', about: 'a queue filled with messages that nobody can read', subjects: [] },
  ],
  injected: [{ name: 'broker-down', at: '2030-01-01T00:00:00.000Z' }],
};
