import type { Finding } from '../model/finding.ts';
import type { Stack } from '../model/stack.ts';
import type { Topology } from '../model/topology.ts';

/** What a check finds: a part of the topology, what is wrong with it, and what would mend it. */
export type TopologyProblem = Pick<Finding, 'subject' | 'message' | 'fix'>;

/**
 * One check of a topology that the broker would take: a file in `checks/`, and a line in `check-topology.ts`. None needs a
 * broker.
 */
export interface TopologyCheck {
  /** Stable: scripts name it. */
  code: string;
  severity: Finding['severity'];
  examine(topology: Topology, stack: Pick<Stack, 'services' | 'events'>): TopologyProblem[];
}
