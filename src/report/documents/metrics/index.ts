import type { MetricsSnapshot } from '../../../model/metrics.ts';
import type { DocumentForm } from '../../document-form.ts';
import { metrics } from './terminal.ts';

/** The numbers of the stack. */
export interface MetricsDocument extends MetricsSnapshot {
  kind: 'metrics';
}

export const form: DocumentForm<MetricsDocument> = {
  terminal: metrics,
  pages: {
    prometheus: () => import('./prometheus.ts'),
  },
};
