import type { DocumentOf } from '../../../src/report/documents/index.ts';

export const document: DocumentOf<'injected'> = { kind: 'injected', stack: 'acme', fault: 'broker-down' };
