import type { ExperimentReport } from '../../../model/chaos.ts';
import type { DocumentForm } from '../../document-form.ts';
import { experiment } from './terminal.ts';

export interface ExperimentDocument extends ExperimentReport {
  kind: 'experiment';
}

export const form: DocumentForm<ExperimentDocument> = {
  terminal: experiment,
  json: ({ kind: _, ...document }) => ({
    ...document,
    recoveredAfterMs: document.recoveredAfterMs ?? null,
  }),
  pages: {
    html: () => import('./html.ts'),
  },
};
