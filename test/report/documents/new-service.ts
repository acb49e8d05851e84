import type { DocumentOf } from '../../../src/report/documents/index.ts';

export const document: DocumentOf<'new-service'> = {
  kind: 'new-service',
  stack: 'acme',
  service: 'billing',
  serviceKind: 'http',
  language: 'ts',
  base: 'runtime',
  port: 8700,
  folder: 'services/billing',
  files: [
    { path: 'services/billing/service.yaml', action: 'create' },
    { path: 'package-lock.json', action: 'change' },
  ],
  dryRun: false,
  next: [{ command: 'qbtc up', why: 'starts it, and brings its routes and queues' }],
};
