import type { DocumentOf } from '../../../src/report/documents/index.ts';

export const document: DocumentOf<'upgrade'> = {
  kind: 'upgrade',
  stack: 'acme',
  from: '0.1.0',
  to: '0.2.0',
  base: 'manifest',
  dryRun: false,
  changes: [
    { action: 'create', path: 'flows/new.yaml' },
    { action: 'update', path: 'tsconfig.json' },
    { action: 'merge', path: 'qbtc.yaml' },
    { action: 'move', path: 'packages/runtime/src/http/server.ts', from: 'packages/runtime/src/server.ts' },
    { action: 'delete', path: 'flows/old.yaml' },
    { action: 'keep', path: 'flows/llm-plain.yaml', reason: 'deleted' },
    { action: 'keep', path: 'chaos/mine.yaml', reason: 'gone' },
    { action: 'keep', path: 'README.md', reason: 'in-the-way' },
    { action: 'conflict', path: 'services/llm-api/src/main.ts', conflicts: 2 },
    { action: 'conflict', path: 'logo.png', conflicts: 1, beside: 'logo.png.template' },
  ],
  notices: [
    { kind: 'no-repository' },
    { kind: 'base-lost', files: 2 },
    { kind: 'addon-unknown', addon: 'older' },
    { kind: 'packages-not-installed' },
  ],
  next: [{ command: 'git diff', why: 'shows the conflicts' }],
};
