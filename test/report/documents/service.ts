import type { DocumentOf } from '../../../src/report/documents/index.ts';
import { foundServices } from '../examples.ts';

export const document: DocumentOf<'service'> = { kind: 'service', stack: 'acme', services: foundServices };
