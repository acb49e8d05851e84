import type { DocumentOf } from '../../../src/report/documents/index.ts';

export const document: DocumentOf<'up'> = {
  kind: 'up',
  stack: 'acme',
  strategy: 'fallback',
  choices: [
    { resource: 'broker', provider: 'embedded', reason: 'no RabbitMQ answers on port 5672', loss: '' },
    {
      resource: 'cache',
      provider: 'embedded',
      reason: 'no Redis answers on port 6379',
      loss: 'it is volatile: what it holds is gone after a restart',
    },
  ],
  services: [{ service: 'llm-api', runs: 'process', reason: 'services run on this machine itself' }],
  started: ['broker', 'cache', 'llm-api'],
  kept: ['gateway'],
  outdated: [{ service: 'signals', files: ['main.py', 'model.py'] }],
  outcomes: [],
  gatewayUrl: 'http://127.0.0.1:9080',
  durationMs: 3412,
  timing: {
    steps: [
      { name: 'cache', startMs: 3, endMs: 210, after: [] },
      { name: 'broker', startMs: 4, endMs: 900, after: [] },
      { name: 'apply topology', startMs: 900, endMs: 1020, after: ['broker'] },
      { name: 'llm-api', startMs: 1020, endMs: 3400, after: ['broker', 'apply topology'] },
    ],
    critical: ['broker', 'apply topology', 'llm-api'],
  },
};
