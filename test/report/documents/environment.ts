import type { DocumentOf } from '../../../src/report/documents/index.ts';

export const document: DocumentOf<'environment'> = {
  kind: 'environment',
  stack: 'acme',
  service: 'llm-api',
  instance: 'llm-api-1',
  runsIn: 'process',
  variables: { PORT: '8000', REDIS_URL: 'redis://:••••••@127.0.0.1:6379' },
  secrets: ['REDIS_URL'],
  text: "PORT='8000'\nREDIS_URL='redis://:••••••@127.0.0.1:6379'\n",
};
