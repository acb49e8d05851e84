import type { DocumentOf } from '../../../src/report/documents/index.ts';

export const document: DocumentOf<'routes'> = {
  kind: 'routes',
  stack: 'acme',
  routes: [
    {
      id: 'acme-llm-models',
      methods: ['GET'],
      uris: ['/v1/models'],
      nodes: ['127.0.0.1:8000'],
      plugins: ['key-auth', 'limit-count'],
      owner: '',
      status: 'on',
    },
    { id: 'hand-made', methods: [], uris: ['/x'], nodes: [], plugins: [], owner: 'theirs', status: 'off' },
  ],
};
