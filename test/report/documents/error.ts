import { QbtcError } from '../../../src/errors.ts';
import type { DocumentOf } from '../../../src/report/documents/index.ts';

export const document: DocumentOf<'error'> = {
  kind: 'error',
  error: new QbtcError('PORT_TAKEN', 'not all ports of the stack are free', {
    details: ['port 5432 (database) is held by postgres (pid 812)'],
    hint: 'end the process, or give the stack other ports: set ports.base in qbtc.yaml (1000, 2000, …)',
    cause: undefined,
  }),
};
