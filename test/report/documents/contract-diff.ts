import type { DocumentOf } from '../../../src/report/documents/index.ts';

export const document: DocumentOf<'contract-diff'> = {
  kind: 'contract-diff',
  stack: 'acme',
  against: 'HEAD',
  changes: [
    { event: 'web_ui_update', field: '', what: 'is new', breaks: [] },
    {
      event: 'llm_request',
      field: 'messages[].role',
      what: 'no longer has the values "tool"',
      breaks: ['backward'],
    },
  ],
};
