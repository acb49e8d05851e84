import type { DocumentOf } from '../../../src/report/documents/index.ts';

export const document: DocumentOf<'heal-watch'> = {
  kind: 'heal-watch',
  at: '2030-01-01T10:20:30.456Z',
  event: 'scored',
  score: 61.5,
  below: 70,
  problems: 2,
  acts: true,
};
