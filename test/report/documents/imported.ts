import type { DocumentOf } from '../../../src/report/documents/index.ts';

export const document: DocumentOf<'imported'> = {
  kind: 'imported',
  subject: 'topology',
  stack: 'acme',
  source: 'definitions.json',
  isDone: false,
  changes: [
    { action: 'create', kind: 'queue', name: 'q_orders' },
    {
      action: 'update',
      kind: 'queue',
      name: 'q_mails',
      fields: [{ path: 'arguments.x-message-ttl', from: 1000, to: 2000 }],
      blocked: 'another file declares it otherwise',
    },
  ],
  losses: [
    {
      place: { file: 'definitions.json', line: 12, column: 5 },
      field: 'exchanges[0].type',
      reason: 'the exchange delayed: expected one of direct, topic, fanout, headers',
      instead: 'direct',
    },
  ],
  files: [{ file: 'infrastructure/rabbitmq/topology.yaml', isNew: true }],
};
