import type { DocumentOf } from '../../../src/report/documents/index.ts';

export const document: DocumentOf<'status'> = {
  kind: 'status',
  stack: 'acme',
  strategy: 'fallback',
  supervisor: { pid: 4711 },
  resources: [
    {
      name: 'broker',
      kind: 'rabbitmq',
      provider: 'embedded',
      state: 'active',
      reason: '',
      pid: 4712,
      ports: [5672, 15672],
      restarts: 0,
      health: { measured: true, value: { version: '0.1.0' } },
    },
    {
      name: 'cache',
      kind: 'redis',
      provider: 'external',
      state: 'unhealthy',
      reason:
        'refuses the password of the stack: WRONGPASS invalid username-password pair or user is disabled',
      pid: undefined,
      ports: [6379],
      restarts: 0,
      health: { measured: false, reason: 'WRONGPASS' },
    },
    {
      name: 'llm-api',
      kind: 'service',
      provider: 'process',
      state: 'stopped',
      reason: 'was not started',
      pid: undefined,
      ports: [8000],
      restarts: 0,
      health: { measured: false, reason: 'connect ECONNREFUSED' },
    },
    {
      name: 'shop',
      kind: 'service',
      provider: 'process',
      state: 'active',
      reason: '',
      pid: 4713,
      ports: [3000],
      restarts: 0,
      health: { measured: true, value: { status: 'ok', database: 'connected', mail: 'disconnected' } },
      details: [
        { name: 'database', well: true, said: 'connected' },
        { name: 'mail', well: false, said: 'disconnected' },
      ],
    },
  ],
};
