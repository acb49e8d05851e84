import type { DocumentOf } from '../../../src/report/documents/index.ts';

export const document: DocumentOf<'watch'> = {
  kind: 'watch',
  at: '2030-01-01T10:20:30.456Z',
  event: 'refused',
  files: ['services/llm-api/src/main.ts'],
  code: 'BUNDLE_FAILED',
  message: 'the service llm-api cannot be bundled',
  details: ['services/llm-api/src/main.ts:12:5: Expected ";" but found "x"'],
  hint: 'mend the lines above; a package that is not found wants: npm ci',
};
