import type { DocumentOf } from '../../../src/report/documents/index.ts';
import { foundServices, labelFinding } from '../examples.ts';

export const document: DocumentOf<'discovery'> = {
  kind: 'discovery',
  stack: 'acme',
  takenAt: '2026-01-05T10:00:00.000Z',
  services: foundServices,
  others: [
    {
      address: { host: '127.0.0.1', port: 5672 },
      pid: 4300,
      program: 'beam.smp',
      protocol: 'amqp',
      found: 'broker of acme (rabbitmq)',
    },
  ],
  sources: [
    { source: 'stack', state: 'asked', reason: '', sightings: 9 },
    { source: 'docker', state: 'absent', reason: 'no Docker engine answers', sightings: 0 },
    { source: 'rabbitmq', state: 'failed', reason: 'the management API cannot be reached', sightings: 0 },
  ],
  findings: [labelFinding],
  all: true,
};
