import type { DocumentOf } from '../../../src/report/documents/index.ts';

export const document: DocumentOf<'up-plan'> = {
  kind: 'up-plan',
  stack: 'acme',
  strategy: 'hybrid',
  resources: [
    {
      resource: 'broker',
      provider: 'external',
      reason: '127.0.0.1:5672 answers already, with the credentials of this stack',
      loss: 'qbtc neither starts nor stops it',
      action: 'adopt',
    },
    {
      resource: 'cache',
      provider: 'embedded',
      reason: 'js-redis-server, which speaks the Redis protocol',
      loss: 'volatile: what it holds is gone when it stops',
      action: 'start',
    },
  ],
  services: [
    { service: 'llm-api', runs: 'process', reason: 'services run on this machine itself', action: 'keep' },
  ],
  ends: ['old-api'],
};
