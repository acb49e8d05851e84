import type { DocumentOf } from '../../../src/report/documents/index.ts';

export const document: DocumentOf<'service-change'> = {
  kind: 'service-change',
  time: '2026-01-05T10:00:00.000Z',
  change: 'crashed',
  service: 'orders',
  instance: 'docker:1a2b3c4d5e6f',
  reason: 'its container has crashed: Exited (3) 1 second ago',
};
