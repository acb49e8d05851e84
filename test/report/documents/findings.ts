import type { DocumentOf } from '../../../src/report/documents/index.ts';

export const document: DocumentOf<'findings'> = {
  kind: 'findings',
  subject: 'lint',
  about: 'the routes',
  stack: 'acme',
  findings: [
    {
      code: 'unknown-plugin',
      severity: 'error',
      subject: 'route acme-llm-chat',
      message: 'there is no plugin "key-aut"; did you mean "key-auth"?',
      fix: 'write key-auth',
      place: { file: 'qbtc.yaml', line: 12, column: 9 },
    },
  ],
  notJudged: ['the configuration of own-plugin'],
};
