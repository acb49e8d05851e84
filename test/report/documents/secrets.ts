import type { DocumentOf } from '../../../src/report/documents/index.ts';

export const document: DocumentOf<'secrets'> = {
  kind: 'secrets',
  stack: 'acme',
  secrets: [
    { name: 'api-key', subject: { kind: 'declared' }, services: [] },
    { name: 'stripe-key', subject: { kind: 'asked', ask: 'the dashboard of Stripe' }, services: ['llm-api'] },
    { name: 'broker-password', subject: { kind: 'resource', resource: 'broker' }, services: ['llm-api'] },
  ],
};
