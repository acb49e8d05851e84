import type { DocumentOf } from '../../../src/report/documents/index.ts';

export const document: DocumentOf<'dump'> = {
  kind: 'dump',
  stack: 'acme',
  yaml: 'routes:\n  - id: acme-llm-models\n',
  objects: 1,
  missing: ['the key of ssl a: the gateway does not give it'],
};
