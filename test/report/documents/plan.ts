import type { DocumentOf } from '../../../src/report/documents/index.ts';

export const document: DocumentOf<'plan'> = {
  kind: 'plan',
  subject: 'routes',
  stack: 'acme',
  changes: [
    { action: 'create', kind: 'route', name: 'llm-chat', reason: 'declared by llm-api' },
    {
      action: 'update',
      kind: 'route',
      name: 'llm-models',
      fields: [
        { path: 'plugins.limit-count.count', from: 60, to: 120 },
        { path: 'methods', to: ['GET'] },
        { path: 'desc', from: 'old' },
      ],
    },
    {
      action: 'delete',
      kind: 'upstream',
      name: 'gone',
      blocked: 'route other-route, which is not ours, refers to it',
    },
  ],
  leftovers: [{ action: 'delete', kind: 'consumer', name: 'guest' }],
};
