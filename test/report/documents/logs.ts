import type { DocumentOf } from '../../../src/report/documents/index.ts';

export const document: DocumentOf<'logs'> = {
  kind: 'logs',
  lines: [
    {
      source: 'llm-api',
      timestamp: '2030-01-01T10:20:30.456Z',
      level: 'info',
      message: 'ready',
      raw: '{}',
      fields: { ms: 3 },
    },
    {
      source: 'quantum-core',
      timestamp: '2030-01-01T10:20:31.001Z',
      level: 'error',
      message: 'no engine',
      correlationId: 'c-1',
      error: { message: 'connect ECONNREFUSED 127.0.0.1:9', stack: 'Error: connect\n    at main.ts:1:1' },
      raw: '{}',
    },
    {
      source: 'database',
      around: '2030-01-01T10:20:31.001Z',
      message: 'LOG:  database system is ready to accept connections',
      raw: 'LOG:  database system is ready to accept connections',
    },
  ],
};
