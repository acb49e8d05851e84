import type { DocumentOf } from '../../../src/report/documents/index.ts';

export const document: DocumentOf<'ci'> = {
  kind: 'ci',
  passed: false,
  steps: [
    { name: 'lint', outcome: 'passed', exit: 0, tookMs: 310.4, result: 'the routes: 0 findings' },
    {
      name: 'up',
      outcome: 'failed',
      exit: 1,
      tookMs: 4_210,
      result: 'PORT_TAKEN: the port 8000 is held by another program | <node>',
    },
    { name: 'test', outcome: 'skipped', exit: 0, tookMs: 0, result: 'the stack did not come up' },
    { name: 'score', outcome: 'failed', exit: 2, tookMs: 812, result: '18.75 of 100 (F): api crashed' },
  ],
  score: { total: 18.75, max: 100, adjusted: 18.75, grade: 'F', profile: 'qbtc' },
  flows: { passed: 0, failed: 0 },
  notices: [
    {
      severity: 'error',
      code: 'INFRA_RESOURCE_ACTIVE',
      subject: 'api',
      message: 'api: exited with 1 (qbtc up)',
      title: 'qbtc score INFRA_RESOURCE_ACTIVE -3.75',
      place: { file: 'services/api/service.yaml', line: 1, column: 1 },
    },
  ],
  report: 'qbtc-report',
  files: ['qbtc.sarif', 'summary.md', 'report.json'],
};
