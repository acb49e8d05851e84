import type { DocumentOf } from '../../../src/report/documents/index.ts';

export const document: DocumentOf<'explanation'> = {
  kind: 'explanation',
  stack: 'acme',
  method: 'GET',
  url: 'http://127.0.0.1:9080/v1/models',
  answer: { id: 'acme-llm-models', uris: ['/v1/models'], reason: '' },
  others: [
    {
      id: 'acme-llm-chat',
      uris: ['/v1/chat/completions'],
      reason: 'its URI is not /v1/models',
      undecided: false,
    },
  ],
};
