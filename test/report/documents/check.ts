import type { DocumentOf } from '../../../src/report/documents/index.ts';

export const document: DocumentOf<'check'> = {
  kind: 'check',
  code: 'ROUTES_ANSWER',
  component: 'routes',
  severity: 'critical',
  about: 'A request for each declared route comes back from the service and not from the gateway itself.',
  foreign: 'The same, for the routes that it declares.',
};
