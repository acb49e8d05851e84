import type { DocumentOf } from '../../../src/report/documents/index.ts';

export const document: DocumentOf<'metrics'> = {
  kind: 'metrics',
  stack: 'acme',
  takenAt: '2030-01-01T10:20:30.456Z',
  machine: {
    measured: true,
    value: {
      cores: 2,
      load: [0.5, 0.25, 0.1],
      memoryBytes: 16 * 1024 ** 3,
      freeMemoryBytes: 4 * 1024 ** 3,
      diskBytes: 1024 ** 4,
      freeDiskBytes: 1024 ** 3,
    },
  },
  services: {
    measured: true,
    value: [
      {
        instance: 'llm-api',
        memoryBytes: 80 * 1024 ** 2,
        cpuSeconds: 12.5,
        requests: 200,
        errors: 3,
        p50Ms: 12.4,
        p99Ms: 340,
        eventLoopP99Ms: 11.2,
      },
      {
        instance: 'quantum-core',
        memoryBytes: 90 * 1024 ** 2,
        cpuSeconds: 3,
        requests: 0,
        errors: 0,
        eventLoopP99Ms: 10,
      },
    ],
  },
  broker: {
    measured: true,
    value: [
      { queue: 'q_llm_requests', ready: 0, unacknowledged: 1, consumers: 1 },
      { queue: 'q_dead_letters', ready: 2, unacknowledged: 0, consumers: 0 },
      { queue: 'q_discovery', ready: 0, unacknowledged: 0, consumers: 0 },
    ],
  },
  caches: [
    {
      resource: 'cache',
      measured: true,
      value: {
        keys: 12,
        memoryBytes: 1024 ** 2,
        clients: 4,
        hits: 90,
        misses: 10,
        maxMemoryBytes: 64 * 1024 ** 2,
        expired: 5,
        evicted: 3,
      },
    },
    { resource: 'sessions', measured: true, value: { keys: 7 } },
  ],
  databases: [
    {
      resource: 'orders',
      measured: true,
      value: { sizeBytes: 1024 ** 3, connections: 3, committed: 70, rolledBack: 1, deadlocks: 0 },
    },
    { resource: 'reports', measured: false, reason: 'connect ECONNREFUSED 127.0.0.1:5432' },
  ],
  gateway: {
    measured: true,
    value: {
      requests: 230,
      routes: [
        { route: 'acme-llm-chat', status: '200', count: 197 },
        { route: 'acme-llm-chat', status: '503', count: 3 },
      ],
    },
  },
};
