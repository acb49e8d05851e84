import type { DocumentOf } from '../../../src/report/documents/index.ts';
import { foundServices, labelFinding } from '../examples.ts';

export const document: DocumentOf<'registered'> = {
  kind: 'registered',
  stack: 'acme',
  dryRun: false,
  services: foundServices,
  changes: [
    {
      action: 'create',
      kind: 'upstream',
      name: 'acme.shop',
      reason: 'found and not there',
      status: 'done',
    },
    {
      action: 'create',
      kind: 'route',
      name: 'acme.orders',
      reason: 'found and not there',
      status: 'failed',
      why: 'route other serves /orders already: it carries no label of qbtc',
    },
  ],
  announced: [{ key: 'service.registered', name: 'llm-api', instance: '127.0.0.1:8000' }],
  announcing: 'failed',
  unannounced: 'broker (http://127.0.0.1:15672, vhost acme): connect ECONNREFUSED',
  findings: [labelFinding],
};
