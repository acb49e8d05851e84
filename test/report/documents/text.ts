import type { DocumentOf } from '../../../src/report/documents/index.ts';

export const document: DocumentOf<'text'> = {
  kind: 'text',
  stack: 'acme',
  format: 'mermaid',
  text: 'flowchart LR\n',
};
