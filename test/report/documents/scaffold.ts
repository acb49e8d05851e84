import type { DocumentOf } from '../../../src/report/documents/index.ts';

export const document: DocumentOf<'scaffold'> = {
  kind: 'scaffold',
  name: 'acme',
  folder: '../acme',
  portBase: 1000,
  ports: [
    { name: 'gateway', role: 'main', port: 10_080 },
    { name: 'gateway', role: 'admin', port: 10_180 },
  ],
  notices: ['git is not installed: no repository was made'],
  next: [
    { command: 'cd ../acme', why: 'the folder of the stack' },
    { command: 'qbtc up', why: 'brings everything up and says when it is healthy' },
  ],
};
