import type { DocumentOf } from '../../../src/report/documents/index.ts';

export const document: DocumentOf<'consumers'> = {
  kind: 'consumers',
  stack: 'acme',
  consumers: [
    {
      username: 'alice',
      source: 'command',
      credentials: 4,
      limit: '60 requests in 60 s',
      createdAt: '2026-11-21T06:00:00.000Z',
      rotatedAt: '2026-11-21T07:00:00.000Z',
      previousValid: true,
    },
    {
      username: 'app',
      source: 'declared',
      credentials: 2,
      limit: '',
      createdAt: null,
      rotatedAt: null,
      previousValid: false,
    },
  ],
};
