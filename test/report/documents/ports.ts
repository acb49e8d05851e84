import type { DocumentOf } from '../../../src/report/documents/index.ts';

export const document: DocumentOf<'ports'> = {
  kind: 'ports',
  portBase: 1000,
  portBaseFrom: '.qbtc',
  stack: 'acme',
  ports: [
    {
      name: 'broker',
      role: 'management',
      port: 15672,
      provider: 'embedded',
      listener: { program: 'node', pid: 4712 },
    },
    { name: 'llm-api', role: 'http', port: 8000, provider: null, listener: null },
  ],
};
