import type { DocumentForm } from '../../document-form.ts';
import { flowResult } from '../../shapes.ts';
import { flows, type RunFlows } from '../../terminal/flows.ts';

/** What `test` has run. */
export interface FlowsDocument extends RunFlows {
  kind: 'flows';
}

export const form: DocumentForm<FlowsDocument> = {
  terminal: flows,
  verbatim: true,
  json: ({ flows, left = 0 }) => ({ flows: flows.map(flowResult), left }),
  notices: ({ flows }) =>
    flows.flatMap(({ name, file, run, stoppedAt }) => {
      if (stoppedAt === undefined) return [];
      const { hop, subject, reason } = stoppedAt;
      return [
        {
          severity: 'error',
          code: 'flow-failed',
          subject: name,
          message: `stopped at hop ${hop}, ${subject}: ${reason}`,
          title: `qbtc test ${name}${run === undefined ? '' : ` run ${run}`}`,
          place: { file },
        },
      ];
    }),
  pages: {
    html: () => import('./html.ts'),
    junit: () => import('./junit.ts'),
  },
};
