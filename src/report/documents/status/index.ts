import type { FlowResult } from '../../../model/flow.ts';
import type { HealRecord } from '../../../model/heal.ts';
import type { InfrastructureObservation } from '../../../model/observation.ts';
import type { Score } from '../../../model/score.ts';
import type { DocumentForm } from '../../document-form.ts';
import { status } from './terminal.ts';

export interface StatusDocument extends InfrastructureObservation {
  kind: 'status';
  stack: string;
  /** With `--watch`: the last score and its flows, and what heal did last. */
  live?: {
    score?: Pick<Score, 'adjusted' | 'max' | 'grade' | 'failures' | 'takenAt'>;
    /** Why there is no score; empty when there is one. */
    unscored?: string;
    flows: Pick<FlowResult, 'name' | 'status' | 'durationMs'>[];
    heal: HealRecord[];
  };
}

export const form: DocumentForm<StatusDocument> = {
  terminal: status,
  json: ({ stack, strategy, supervisor, resources, live }) => ({
    stack,
    strategy,
    supervisor: supervisor ?? null,
    resources: resources.map(
      ({ name, kind, provider, state, reason, pid, ports, restarts, health, details }) => ({
        name,
        kind,
        provider,
        state,
        reason,
        pid: pid ?? null,
        ports,
        restarts,
        health: health.measured ? health.value : null,
        ...(details === undefined ? {} : { details }),
      }),
    ),
    ...(live === undefined ? {} : { live }),
  }),
};
